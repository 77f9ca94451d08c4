package dev.cis.deploy;

import dev.cis.blobs.Blobs;
import dev.cis.blobs.Digest;
import dev.cis.deploy.proto.AppAction;
import dev.cis.deploy.proto.AppCommand;
import dev.cis.deploy.proto.DeployCode;
import dev.cis.deploy.proto.DeployOrder;
import dev.cis.deploy.proto.LogQuery;
import dev.cis.deploy.proto.LogRecord;
import dev.cis.deploy.proto.Release;
import dev.cis.deploy.proto.Selector;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.time.Now;
import dev.cis.sync.Memory;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/** The face, on this node: writes orders and commands, serves those of others. */
final class LocalDeployments implements Deployments {
  private static final ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/deploy/1.0");
  private static final Duration ANSWER = Duration.ofSeconds(15);
  private static final Duration HOLD_FOLLOWING = Duration.ofMillis(100);
  private static final Duration HOLD_READING = Duration.ofSeconds(2);

  private final Swarm swarm;
  private final Memory memory;
  private final Blobs blobs;
  private final Packages packages;
  private final DeployConfig config;
  private final Supplier<Now> clock;
  private final Orders orders;
  private final AppStates states;
  private final Convergence convergence;
  private final Commands commands;
  private final LogService logs;
  private final List<Swarm.Registration> open = new ArrayList<>();

  LocalDeployments(
      Path directory,
      KeyPair node,
      Swarm swarm,
      Memory memory,
      Blobs blobs,
      Packages packages,
      DeployConfig config,
      Supplier<Now> clock)
      throws IOException {
    this.swarm = swarm;
    this.memory = memory;
    this.blobs = blobs;
    this.packages = packages;
    this.config = config;
    this.clock = clock;
    this.orders = new Orders(memory);
    this.states = new AppStates(memory);
    this.commands =
        new Commands(node.publicKey(), config.commandExpiry(), packages::trusted, clock);
    this.convergence =
        new Convergence(directory, swarm, blobs, packages, orders, states, config, clock);
    this.logs = new LogService(swarm, convergence.supervisor(), commands, config, clock);
    convergence.begin();
    open.add(swarm.handle(PROTOCOL, this::serve));
    open.add(swarm.handle(LogService.PROTOCOL, logs::serve));
  }

  @Override
  public Deployment deploy(
      Path packageFile, Selector selector, DeployOptions options, KeyPair publisher)
      throws IOException {
    var name = packages.check(packageFile, publisher.publicKey());
    long size = Files.size(packageFile);
    Digest digest;
    try (var in = Files.newInputStream(packageFile)) {
      digest = blobs.put(in);
    }
    return order(name, new Release(name.version(), digest, size), selector, options, publisher);
  }

  @Override
  public Deployment deploy(
      Digest packageBlob, Selector selector, DeployOptions options, KeyPair publisher) {
    var file =
        blobs
            .find(packageBlob)
            .orElseThrow(() ->
                new Fault(
                    DeployCode.NO_APP, "no package with digest " + packageBlob + " on this node"));
    var name = packages.check(file, publisher.publicKey());
    try {
      var release = new Release(name.version(), packageBlob, Files.size(file));
      return order(name, release, selector, options, publisher);
    } catch (IOException e) {
      throw new Fault(DeployCode.STORE_FAILED, "cannot read " + file + ": " + e, e);
    }
  }

  private Deployment order(
      Packages.Name name,
      Release release,
      Selector selector,
      DeployOptions options,
      KeyPair publisher) {
    var strategy =
        new DeployOrder.Strategy(
            0, 0, false, options.autoRollback(), options.healthyDeadline(), options.minHealthy());
    return issue(
        new DeployOrder(
            name.app(),
            DeployOrder.Action.RUN,
            release,
            selector,
            nextSequence(name.app()),
            clock.get().wall(),
            options.running(),
            strategy),
        publisher);
  }

  @Override
  public Deployment remove(String app, Selector selector, KeyPair publisher) {
    DeployOrder.checkApp(app);
    var defaults = DeployOptions.DEFAULT;
    var strategy =
        new DeployOrder.Strategy(
            0, 0, false, false, defaults.healthyDeadline(), defaults.minHealthy());
    return issue(
        new DeployOrder(
            app,
            DeployOrder.Action.REMOVE,
            null,
            selector,
            nextSequence(app),
            clock.get().wall(),
            false,
            strategy),
        publisher);
  }

  /** Milliseconds, so that a deployer who has not heard of earlier orders yet still comes after. */
  private long nextSequence(String app) {
    long known =
        orders.of(app).stream()
            .mapToLong(found -> found.signed().value().sequence())
            .max()
            .orElse(0);
    return Math.max(known + 1, clock.get().wall().toEpochMilli());
  }

  private Deployment issue(DeployOrder order, KeyPair publisher) {
    var signed = order.sign(publisher);
    orders.put(signed);
    return new OrderedDeployment(signed, swarm, memory, states);
  }

  @Override
  public Optional<Deployment> deployment(String app) {
    return orders.of(app).stream()
        .max(Comparator.comparingLong(found -> found.signed().value().sequence()))
        .map(found -> new OrderedDeployment(found.signed(), swarm, memory, states));
  }

  @Override
  public List<AppView> apps() {
    var now = clock.get().wall();
    return states.all().stream()
        .map(state -> {
          var age = Duration.between(state.at(), now);
          boolean stale = age.abs().compareTo(config.staleAfter()) > 0;
          var name = OrderedDeployment.name(swarm, state.node());
          return new AppView(name, state, age.isNegative() ? Duration.ZERO : age, stale);
        })
        .sorted(
            Comparator.comparing((AppView view) -> view.state().app())
                .thenComparing(AppView::nodeName)
                .thenComparing(view -> view.state().node()))
        .toList();
  }

  @Override
  public List<CommandResult> command(
      AppAction action, String app, Collection<NodeId> nodes, KeyPair signer, Duration within)
      throws InterruptedException {
    DeployOrder.checkApp(app);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var answers = new ArrayList<Future<CommandResult>>();
      for (var target : nodes) {
        answers.add(threads.submit(() -> command(action, app, target, signer, within)));
      }
      var results = new ArrayList<CommandResult>();
      for (var answer : answers) {
        results.add(answer.get());
      }
      return results;
    } catch (ExecutionException e) {
      throw new Fault(DeployCode.NOT_ANSWERED, "the command failed: " + e.getCause(), e);
    }
  }

  private CommandResult command(
      AppAction action, String app, NodeId target, KeyPair signer, Duration within)
      throws InterruptedException {
    var name = OrderedDeployment.name(swarm, target);
    try {
      var bytes = commands.write(app, action, null, target, signer);
      var answer = target.equals(swarm.self()) ? obey(bytes) : ask(target, bytes, within);
      return new CommandResult(
          target,
          name,
          answer.code().isEmpty() ? null : Commands.code(answer.code()),
          answer.message());
    } catch (Fault fault) {
      return new CommandResult(target, name, fault.code(), String.valueOf(fault.getMessage()));
    }
  }

  private AppCommand.Answer ask(NodeId target, byte[] command, Duration within) {
    try (var stream = swarm.open(target, PROTOCOL, within)) {
      stream.send(command);
      stream.finish();
      var bytes = stream.receive(AppCommand.Answer.MAX_BYTES);
      if (bytes == null) {
        throw new Fault(
            DeployCode.NOT_ANSWERED, "node " + target.brief() + " did not answer the command");
      }
      return AppCommand.Answer.CODEC.decode(bytes);
    }
  }

  private void serve(Stream stream) throws InterruptedException {
    stream.deadline(ANSWER);
    var bytes = stream.receive(AppCommand.MAX_SIGNED_BYTES);
    if (bytes != null) {
      stream.send(AppCommand.Answer.CODEC.encode(obey(bytes)));
      stream.finish();
    }
  }

  private AppCommand.Answer obey(byte[] bytes) throws InterruptedException {
    try {
      var command = commands.read(bytes);
      var action = command.action();
      if (action == null) {
        throw new Fault(DeployCode.BAD_COMMAND, "that is a question for the log");
      }
      var answer = convergence.command(command.app(), action);
      var code = answer.code();
      return new AppCommand.Answer(code == null ? "" : code.text(), answer.message());
    } catch (Fault fault) {
      return new AppCommand.Answer(fault.code().text(), String.valueOf(fault.getMessage()));
    }
  }

  @Override
  public LogFeed logs(LogQuery query, Collection<NodeId> nodes, KeyPair signer) {
    DeployOrder.checkApp(query.app());
    LogService.checked(query);
    var feed = new MergedFeed(query.follow() ? HOLD_FOLLOWING : HOLD_READING);
    for (var target : nodes) {
      var name = OrderedDeployment.name(swarm, target);
      if (target.equals(swarm.self())) {
        feed.add(target, name, lane -> readHere(query, signer.publicKey(), lane));
      } else {
        feed.add(target, name, lane -> logs.readFrom(query, signer, lane));
      }
    }
    feed.begin();
    return feed;
  }

  private void readHere(LogQuery query, PublicKey signer, MergedFeed.Lane lane)
      throws InterruptedException {
    try {
      commands.mayCommand(signer);
      logs.readLocally(query, lane);
    } catch (Fault fault) {
      lane.put(new LogRecord.End(-1, String.valueOf(fault.getMessage())));
    }
  }

  @Override
  public void close() {
    open.forEach(Swarm.Registration::close);
    convergence.close();
  }
}

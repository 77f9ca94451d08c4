package dev.cis.deploy;

import dev.cis.blobs.Blobs;
import dev.cis.deploy.proto.AppAction;
import dev.cis.deploy.proto.AppRecord;
import dev.cis.deploy.proto.ConvergeInput;
import dev.cis.deploy.proto.ConvergeMachine;
import dev.cis.deploy.proto.ConvergeOutput;
import dev.cis.deploy.proto.DeployCode;
import dev.cis.deploy.proto.ProcessReport;
import dev.cis.deploy.proto.Release;
import dev.cis.deploy.run.Supervisor;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.sync.Memory;
import dev.cis.transport.Swarm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the machine of this node: brings it what happens, does what it wants. */
final class Convergence implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Convergence.class);
  private static final int MAILBOX = 4096;
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private final NodeId self;
  private final Swarm swarm;
  private final Blobs blobs;
  private final Packages packages;
  private final Orders orders;
  private final RecordFiles records;
  private final Supervisor supervisor;
  private final Preparer preparer;
  private final StateWriter writer;
  private final Loop<ConvergeInput, ConvergeOutput> loop;
  private final Map<Long, CompletableFuture<ConvergeOutput.Answer>> answers =
      new ConcurrentHashMap<>();
  private final Set<Thread> workers = ConcurrentHashMap.newKeySet();
  private final AtomicLong commandIds = new AtomicLong();
  private Memory.@Nullable Watch watch;
  private @Nullable Thread looking;
  private Set<PublicKey> trusted = Set.of();
  private volatile boolean closed;

  Convergence(
      Path directory,
      Swarm swarm,
      Blobs blobs,
      Packages packages,
      Orders orders,
      AppStates states,
      DeployConfig config,
      Supplier<Now> clock)
      throws IOException {
    this.self = swarm.self();
    this.swarm = swarm;
    this.blobs = blobs;
    this.packages = packages;
    this.orders = orders;
    this.records = new RecordFiles(directory.resolve("records"));
    this.writer = new StateWriter(states);
    var random = new SecureRandom();
    var apps = Files.createDirectories(directory.resolve("apps"));
    this.supervisor =
        new Supervisor(
            apps,
            self.toString(),
            new Supervisor.Settings(config.logFileBytes(), config.logFiles()),
            clock,
            random,
            (app, generation, report) -> tell(new ConvergeInput.Reported(app, generation, report)));
    this.preparer = new Preparer(self, blobs, packages, supervisor, states::all, this::tell);
    var settings =
        new ConvergeMachine.Settings(
            config.maxApps(), config.keepVersions(), config.fetchRetry(), config.stateInterval());
    var machine = new ConvergeMachine(self, labels(), settings, random);
    this.loop = new Loop<>("deploy", machine, MAILBOX, clock, this::act);
  }

  Supervisor supervisor() {
    return supervisor;
  }

  /** Tells the machine what was, whom we trust and what is ordered; then keeps it informed. */
  void begin() throws IOException {
    for (var record : records.all()) {
      tell(new ConvergeInput.Restored(stillUnpacked(record)));
    }
    refreshTrust();
    watch = orders.watch(this::tell);
    orders.all().forEach(this::tell);
    looking = Thread.ofVirtual().name("deploy-look").start(this::look);
  }

  /** A release counts as unpacked only if its directory is there, whatever was remembered. */
  private AppRecord stillUnpacked(AppRecord record) {
    List<Release> there =
        record.unpacked().stream()
            .filter(release ->
                Files.isDirectory(supervisor.versionDirectory(record.app(), release.directory())))
            .toList();
    return record.withUnpacked(there);
  }

  /** Someone who trusts a publisher and then deploys must not be told that nobody does. */
  private synchronized boolean refreshTrust() {
    var now = packages.trusted();
    if (now.equals(trusted)) {
      return false;
    }
    trusted = now;
    tell(new ConvergeInput.Trusted(now));
    return true;
  }

  private void tell(Orders.Found found) {
    refreshTrust();
    tell(
        new ConvergeInput.Ordered(found.signed().signer(), found.author(), found.signed().value()));
  }

  private void tell(ConvergeInput input) {
    if (closed) {
      return;
    }
    try {
      loop.put(input);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Map<String, String> labels() {
    return swarm.record().value().labels();
  }

  /** Trust is files and labels are a record: nobody calls when they change, so we look. */
  private void look() {
    var labels = labels();
    while (!closed) {
      try {
        Thread.sleep(LOOK.toMillis());
        if (refreshTrust()) {
          orders.all().forEach(this::tell); // strangers' orders may have been left out
        }
        if (!labels().equals(labels)) {
          labels = labels();
          tell(new ConvergeInput.Labelled(labels));
        }
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        LOG.warn("event=deploy-look-failed reason=\"{}\"", e.getMessage());
      }
    }
  }

  ConvergeOutput.Answer command(String app, AppAction action) throws InterruptedException {
    long id = commandIds.incrementAndGet();
    var answer = new CompletableFuture<ConvergeOutput.Answer>();
    answers.put(id, answer);
    try {
      tell(new ConvergeInput.Commanded(id, app, action));
      return answer.get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new Fault(DeployCode.NOT_ANSWERED, "the node is busy; try again", e);
    } finally {
      answers.remove(id);
    }
  }

  private void act(ConvergeOutput output) {
    if (closed) {
      return;
    }
    switch (output) {
      case ConvergeOutput.Save(var record) -> records.save(record);
      case ConvergeOutput.Prepare(var app, var release, var author) ->
          preparer.prepare(app, release, author, workers);
      case ConvergeOutput.Start(var app, var release, var generation) ->
          start(app, release, generation);
      case ConvergeOutput.Stop(var app, var generation) -> supervisor.stop(app, generation);
      case ConvergeOutput.Delete(var app) -> Thread.startVirtualThread(() -> delete(app));
      case ConvergeOutput.Discard(var app, var release) ->
          Thread.startVirtualThread(() -> discard(app, release));
      case ConvergeOutput.Report(var state) -> writer.write(state);
      case ConvergeOutput.Answer answer -> {
        var waiting = answers.get(answer.id());
        if (waiting != null) {
          waiting.complete(answer);
        }
      }
    }
  }

  private void start(String app, Release release, long generation) {
    var directory = supervisor.versionDirectory(app, release.directory());
    try {
      supervisor.start(packages.spec(app, release.directory(), directory), generation);
    } catch (Fault fault) {
      var reason = String.valueOf(fault.getMessage());
      // From another thread: this one runs the mailbox that it would wait for.
      Thread.startVirtualThread(() ->
          tell(
              new ConvergeInput.Reported(
                  app, generation, new ProcessReport.Failed(reason, 127, List.of()))));
    }
  }

  private void delete(String app) {
    try {
      supervisor.delete(app);
      tell(new ConvergeInput.Deleted(app));
    } catch (IOException | RuntimeException e) {
      LOG.error("event=delete-failed app={}", app, e);
    }
  }

  private void discard(String app, Release release) {
    try {
      supervisor.deleteVersion(app, release.directory());
      boolean ordered =
          orders.of(app).stream()
              .anyMatch(found -> release.equals(found.signed().value().release()));
      if (!ordered) {
        var _ = blobs.remove(release.digest());
      }
    } catch (IOException | RuntimeException e) {
      LOG.error("event=discard-failed app={} version={}", app, release.version(), e);
    }
  }

  @Override
  public void close() {
    closed = true;
    if (watch != null) {
      watch.close();
    }
    if (looking != null) {
      looking.interrupt();
    }
    workers.forEach(Thread::interrupt);
    supervisor.close();
    loop.close();
    writer.close();
  }
}

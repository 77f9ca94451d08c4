package dev.cis.api;

import dev.cis.deploy.AppView;
import dev.cis.deploy.CommandResult;
import dev.cis.deploy.DeployOptions;
import dev.cis.deploy.Deployment;
import dev.cis.deploy.NodeProgress;
import dev.cis.deploy.pack.PackageReader;
import dev.cis.deploy.proto.AppAction;
import dev.cis.deploy.proto.DeployCode;
import dev.cis.deploy.proto.Phase;
import dev.cis.deploy.proto.Selector;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.node.Node;
import dev.cis.node.Signers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Requests about deployments and applications; logs are in {@link LogRequests}. */
final class DeployRequests {
  private static final Duration COMMAND = Duration.ofSeconds(30);
  private static final String DONE = "done";
  private static final String FAILED = "failed";

  private final Node node;
  private final NodeNames names;
  private final Signers signers;

  DeployRequests(Node node, NodeNames names) {
    this.node = node;
    this.names = names;
    this.signers = new Signers(node.home());
  }

  Result deploy(Request.Deploy request, Call call) throws InterruptedException, IOException {
    var file = Files.createTempFile(node.home().directory(), "upload-", ".p2p");
    try {
      try (var out = Files.newOutputStream(file)) {
        var _ = call.upload().transferTo(out);
      }
      return deploy(request, call, file);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private Result deploy(Request.Deploy request, Call call, Path file)
      throws InterruptedException, IOException {
    var selector = selector(request.nodes(), request.labels());
    var targets = targets(selector);
    if (targets.isEmpty() && request.await()) {
      throw new Fault(
          DeployCode.NO_TARGET,
          "no known node matches "
              + selector.text()
              + ": see 'cis node list', or order it for nodes yet to come with --no-wait");
    }
    if (request.dryRun()) {
      return dryRun(file, targets);
    }
    var deployment =
        node.deployments()
            .deploy(file, selector, DeployOptions.DEFAULT, signers.publisher(request.key()));
    if (!request.await()) {
      return deployed(deployment, "started");
    }
    var follower = Thread.currentThread();
    try (var _ = deployment.watch(progress -> tell(call, progress, follower))) {
      boolean over = deployment.await(Duration.ofMillis(request.waitMillis()));
      return deployed(deployment, over ? outcome(deployment.progress()) : "waiting");
    }
  }

  /** The watcher runs in another thread: a client that has gone ends the wait. */
  private static void tell(Call call, NodeProgress progress, Thread follower) {
    try {
      call.item(progress(progress));
    } catch (Fault e) {
      follower.interrupt();
    }
  }

  private Result dryRun(Path file, List<NodeId> targets) {
    try (var reader = PackageReader.open(file)) {
      var contents = reader.inspect();
      return new Result.Deployed(
          contents.manifest().name(),
          String.valueOf(contents.manifest().version()),
          null,
          0,
          "dry-run",
          targets.stream()
              .map(id -> new Result.Progress(id.toString(), names.of(id), "WAITING", 0, 0, ""))
              .toList());
    }
  }

  private static Result.Deployed deployed(Deployment d, String outcome) {
    var digest = d.digest();
    return new Result.Deployed(
        d.app(),
        d.version(),
        digest == null ? null : digest.toString(),
        d.sequence(),
        outcome,
        d.progress().stream().map(DeployRequests::progress).toList());
  }

  private static String outcome(List<NodeProgress> progress) {
    long good = progress.stream().filter(p -> p.phase().isSuccess()).count();
    return good == progress.size() ? DONE : good == 0 ? FAILED : "partial";
  }

  private static Result.Progress progress(NodeProgress p) {
    return new Result.Progress(
        p.node().toString(), p.name(), p.phase().name(), p.bytesDone(), p.bytesTotal(), p.reason());
  }

  private Selector selector(@Nullable List<String> nodes, @Nullable String labels) {
    if (nodes != null && !nodes.isEmpty()) {
      return Selector.nodes(nodes.stream().map(names::find).distinct().toList());
    }
    return labels == null ? Selector.all() : Selector.labels(labels);
  }

  /** The nodes known now that a selector means. */
  private List<NodeId> targets(Selector selector) {
    var labels = new TreeMap<NodeId, Map<String, String>>();
    for (var entry : node.swarm().book().entries()) {
      labels.put(entry.node(), entry.record() == null ? Map.of() : entry.record().value().labels());
    }
    labels.put(node.swarm().self(), node.labels());
    return labels.entrySet().stream()
        .filter(e -> selector.matches(e.getKey(), e.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }

  Result apps(Request.AppList request) {
    return new Result.Apps(
        chosen(null, request.node(), request.labels()).stream().map(this::app).toList());
  }

  /** Applications on the chosen nodes; all of them with a null name. */
  private List<AppView> chosen(
      @Nullable String app, @Nullable String nodeName, @Nullable String labels) {
    var wanted = nodeName == null ? null : names.find(nodeName);
    var matching = labels == null ? null : targets(Selector.labels(labels));
    return node.deployments().apps().stream()
        .filter(view -> app == null || view.state().app().equals(app))
        .filter(view -> wanted == null || view.state().node().equals(wanted))
        .filter(view -> matching == null || matching.contains(view.state().node()))
        .toList();
  }

  private Result.App app(AppView view) {
    var s = view.state();
    return new Result.App(
        s.app(),
        s.version(),
        s.node().toString(),
        view.nodeName(),
        s.phase().name(),
        s.reason(),
        s.pid(),
        s.startedAt(),
        s.restarts(),
        s.exitStatus(),
        s.limits(),
        s.versions(),
        s.lastLines(),
        view.age().toMillis() / 1000.0,
        view.stale());
  }

  Result command(Request.AppCommand request) throws InterruptedException {
    var action = action(request.action());
    var nodes = nodesWith(request.app(), request.node(), request.labels());
    boolean everywhere = request.node() == null && request.labels() == null;
    if (action == AppAction.REMOVE && everywhere) {
      return removeEverywhere(request);
    }
    var results =
        node.deployments()
            .command(action, request.app(), nodes, signer(request.key(), nodes), COMMAND);
    return new Result.CommandResults(results.stream().map(DeployRequests::result).toList());
  }

  /** Ordered rather than commanded: a node that is off removes it when it returns. */
  private Result removeEverywhere(Request.AppCommand request) throws InterruptedException {
    var removal =
        node.deployments().remove(request.app(), Selector.all(), signers.publisher(request.key()));
    var _ = removal.await(COMMAND);
    return new Result.CommandResults(
        removal.progress().stream()
            .map(p ->
                new Result.CommandResult(
                    p.node().toString(),
                    p.name(),
                    p.phase().isSuccess(),
                    p.phase() == Phase.UNTRUSTED ? DeployCode.UNTRUSTED.text() : null,
                    p.phase() == Phase.REMOVED
                        ? "removed"
                        : (p.phase().name().toLowerCase(Locale.ROOT) + " " + p.reason()).strip()))
            .toList());
  }

  private static AppAction action(String text) {
    return Arrays.stream(AppAction.values())
        .filter(a -> a.name().equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(
            () -> new Fault(ApiCode.MALFORMED, "'" + text + "' is no action on applications"));
  }

  private static Result.CommandResult result(CommandResult r) {
    return new Result.CommandResult(
        r.node().toString(),
        r.name(),
        r.ok(),
        r.failure() == null ? null : r.failure().text(),
        r.message());
  }

  /** Where an application is, as far as this node knows; never empty. */
  List<NodeId> nodesWith(String app, @Nullable String nodeName, @Nullable String labels) {
    var nodes =
        chosen(app, nodeName, labels).stream()
            .filter(view -> view.state().phase() != Phase.REMOVED)
            .map(view -> view.state().node())
            .distinct()
            .toList();
    if (nodes.isEmpty()) {
      throw new Fault(
          DeployCode.NO_APP,
          "no node "
              + (nodeName == null && labels == null ? "" : "chosen ")
              + "is known to have the application '"
              + app
              + "': see 'cis app list'");
    }
    return nodes;
  }

  /** A publisher's key, or this node's own when only this node is concerned. */
  dev.cis.kernel.identity.KeyPair signer(@Nullable String key, Collection<NodeId> nodes) {
    boolean onlySelf = nodes.stream().allMatch(node.swarm().self()::equals);
    return key == null && onlySelf ? node.key() : signers.publisher(key);
  }
}

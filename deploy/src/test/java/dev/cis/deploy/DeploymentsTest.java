package dev.cis.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.deploy.proto.AppAction;
import dev.cis.deploy.proto.AppCommand;
import dev.cis.deploy.proto.DeployCode;
import dev.cis.deploy.proto.DeployOrder;
import dev.cis.deploy.proto.LogQuery;
import dev.cis.deploy.proto.LogRecord;
import dev.cis.deploy.proto.Phase;
import dev.cis.deploy.proto.Release;
import dev.cis.deploy.proto.Selector;
import dev.cis.deploy.trust.Publishers;
import dev.cis.deploy.trust.VerifyingKey;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sync.Memory;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.memory.MemoryNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way on three nodes: real streams (in memory), real packages, real processes. */
class DeploymentsTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final KeyPair PUBLISHER = KeyPair.generate(new SplittableRandom(100));
  private static final KeyPair STRANGER = KeyPair.generate(new SplittableRandom(101));
  private static final String SERVE = "echo started $CIS_VERSION; exec sleep 1000";
  private static final DeployOptions QUICK =
      new DeployOptions(true, true, Duration.ofSeconds(20), Duration.ofMillis(200));
  private static final DeployConfig CONFIG =
      new DeployConfig(
          10,
          5,
          Duration.ofMillis(100),
          Duration.ofSeconds(2),
          Duration.ofSeconds(60),
          Duration.ofSeconds(150),
          Duration.ofSeconds(60),
          1 << 20,
          3,
          Duration.ofMillis(50),
          8);

  @TempDir Path directory;
  private final MemoryNetwork network = new MemoryNetwork();
  private final LabMemory.Lab lab = new LabMemory.Lab();
  private final ConcurrentHashMap<NodeId, LabBlobs> blobs = new ConcurrentHashMap<>();
  private final List<Node> nodes = new ArrayList<>();

  /** One node of the lab. */
  private final class Node {
    final KeyPair key;
    final Path home;
    final Swarm swarm;
    final LabMemory memory;
    final Publishers publishers;
    Deployments deployments;

    Node(int number, String name, Map<String, String> labels) throws IOException {
      key = KeyPair.generate(new SplittableRandom(number));
      home = Files.createDirectories(directory.resolve(name));
      swarm =
          network.join(
              key,
              TransportConfig.DEFAULT,
              StoredPeerBook.inMemory(),
              new PeerDescription(name, new TreeMap<>(labels), List.of(), List.of()));
      memory = lab.join(key.nodeId());
      publishers = Publishers.open(home.resolve("trusted"));
      deployments = start();
      nodes.add(this);
    }

    Deployments start() throws IOException {
      var store = new LabBlobs(home.resolve("blobs"), key.nodeId(), blobs);
      return Deployments.start(
          home.resolve("deploy"), key, swarm, memory, store, publishers, CONFIG);
    }

    void restart() throws IOException {
      deployments.close();
      memory.reopen();
      deployments = start();
    }

    void trust(KeyPair publisher) {
      publishers.trust("p" + publisher.nodeId().brief(), VerifyingKey.of(publisher.publicKey()));
    }

    NodeId id() {
      return key.nodeId();
    }

    Phase phase(String app) {
      return deployments.apps().stream()
          .filter(view -> view.state().node().equals(id()) && view.state().app().equals(app))
          .map(view -> view.state().phase())
          .findFirst()
          .orElse(Phase.WAITING);
    }

    boolean hasUnpacked(String app) throws IOException {
      var versions = home.resolve("deploy/apps/" + app + "/versions");
      if (!Files.isDirectory(versions)) {
        return false;
      }
      try (var entries = Files.list(versions)) {
        return entries.findAny().isPresent();
      }
    }
  }

  private Node a;
  private Node b;
  private Node c;

  @BeforeEach
  void threeNodes() throws IOException {
    a = new Node(1, "a", Map.of("env", "dev"));
    b = new Node(2, "b", Map.of("env", "test"));
    c = new Node(3, "c", Map.of("env", "test"));
    for (var node : nodes) {
      for (var other : nodes) {
        if (node != other) {
          node.swarm.connect(other.swarm.localAddresses().getFirst(), LONG);
        }
      }
    }
    Await.until(
        "everyone knows everyone",
        () ->
            nodes.stream()
                .allMatch(node ->
                    node.swarm.book().entries().stream().filter(e -> e.record() != null).count()
                        >= 2));
    b.trust(PUBLISHER);
    c.trust(PUBLISHER);
  }

  @AfterEach
  void stopEverything() throws Exception {
    for (var node : nodes) {
      for (var view : node.deployments.apps()) {
        if (view.state().node().equals(node.id())) {
          node.deployments.command(
              AppAction.STOP, view.state().app(), List.of(node.id()), node.key, LONG);
        }
      }
    }
    for (var node : nodes) {
      Await.until(
          () -> "all stopped on " + node.home + ": " + node.deployments.apps(),
          () ->
              node.deployments.apps().stream()
                  .filter(view -> view.state().node().equals(node.id()))
                  .noneMatch(view -> view.state().pid() != null));
      node.deployments.close();
      node.swarm.close();
    }
  }

  @Test
  void aPackageRunsOnTheTwoOfThreeNodesWithTheLabel() throws Exception {
    var deployment = deploy("1.0.0", SERVE, Selector.labels("env=test"));
    var heard = new ConcurrentHashMap<Phase, Boolean>();
    try (var _ = deployment.watch(progress -> heard.put(progress.phase(), true))) {
      assertThat(deployment.await(LONG)).as(deployment.progress().toString()).isTrue();
    }
    assertThat(deployment.progress())
        .extracting(NodeProgress::name, NodeProgress::phase)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("b", Phase.HEALTHY),
            org.assertj.core.groups.Tuple.tuple("c", Phase.HEALTHY));
    assertThat(heard).containsKey(Phase.HEALTHY);
    assertThat(a.hasUnpacked("web")).isFalse();
    assertThat(a.deployments.apps()).hasSize(2).noneMatch(AppView::stale);
  }

  @Test
  void aNodeThatDoesNotTrustThePublisherRefusesUntilItDoes() throws Exception {
    var deployment = deploy("1.0.0", SERVE, Selector.all());
    assertThat(deployment.await(LONG)).as(deployment.progress().toString()).isTrue();
    assertThat(a.phase("web")).isEqualTo(Phase.UNTRUSTED);
    assertThat(b.phase("web")).isEqualTo(Phase.HEALTHY);
    assertThat(a.hasUnpacked("web")).isFalse();
    a.trust(PUBLISHER);
    Await.until("a runs it too", () -> a.phase("web") == Phase.HEALTHY);
  }

  @Test
  void anOrderOfAnUnknownPublisherRunsNowhere() throws Exception {
    var file = new PackageFixture("web", "1.0.0", SERVE, "").write(directory, STRANGER);
    var deployment = a.deployments.deploy(file, Selector.all(), QUICK, STRANGER);
    assertThat(deployment.await(LONG)).isTrue();
    assertThat(deployment.progress())
        .hasSize(3)
        .allMatch(progress -> progress.phase() == Phase.UNTRUSTED);
    for (var node : nodes) {
      assertThat(node.hasUnpacked("web")).isFalse();
    }
  }

  @Test
  void aNodeThatWasOffConvergesWhenItReturns() throws Exception {
    c.memory.online(false);
    deploy("1.0.0", SERVE, Selector.labels("env=test"));
    Await.until("b runs it", () -> b.phase("web") == Phase.HEALTHY);
    assertThat(c.phase("web")).isEqualTo(Phase.WAITING);
    c.memory.online(true);
    Await.until(
        "c runs it",
        () ->
            a.deployments.apps().stream()
                .anyMatch(v -> v.nodeName().equals("c") && v.state().phase() == Phase.HEALTHY));
  }

  @Test
  void aTamperedPackageIsNotEvenDeployedAndNotRunWhenSomeoneOrdersIt() throws Exception {
    var file = new PackageFixture("web", "1.0.0", SERVE, "").tampered().write(directory, PUBLISHER);
    assertThatThrownBy(() -> a.deployments.deploy(file, Selector.all(), QUICK, PUBLISHER))
        .isInstanceOf(Fault.class);
    assertRefusedWhenOrderedDirectly(file);
  }

  @Test
  void aPackageWithAPathThatLeadsOutIsRefusedAndWritesNothing() throws Exception {
    var file =
        new PackageFixture("web", "1.0.0", SERVE, "")
            .with("../../escaped.sh", "echo evil")
            .write(directory, PUBLISHER);
    assertRefusedWhenOrderedDirectly(file);
    try (var all = Files.walk(directory)) {
      assertThat(all.map(path -> path.getFileName().toString())).doesNotContain("escaped.sh");
    }
  }

  private void assertRefusedWhenOrderedDirectly(Path file) throws Exception {
    var store = java.util.Objects.requireNonNull(blobs.get(a.id()));
    try (var in = Files.newInputStream(file)) {
      var release = new Release("1.0.0", store.put(in), Files.size(file));
      order(release, 5);
    }
    Await.until("b refuses", () -> b.phase("web") == Phase.REFUSED);
    assertThat(b.hasUnpacked("web")).isFalse();
  }

  @Test
  void aPackageThatIsNotWhatTheOrderSaysIsRefused() throws Exception {
    var file = new PackageFixture("other", "1.0.0", SERVE, "").write(directory, PUBLISHER);
    assertRefusedWhenOrderedDirectly(file);
  }

  @Test
  void aPackageSignedByAStrangerIsNotRunThoughATrustedPublisherOrdersIt() throws Exception {
    var file = new PackageFixture("web", "1.0.0", SERVE, "").write(directory, STRANGER);
    var store = java.util.Objects.requireNonNull(blobs.get(a.id()));
    try (var in = Files.newInputStream(file)) {
      order(new Release("1.0.0", store.put(in), Files.size(file)), 5);
    }
    // A bare signature does not say whose it is: to b it fits none of the keys it trusts.
    Await.until("b refuses", () -> b.phase("web") == Phase.REFUSED);
    assertThat(b.deployments.apps())
        .anyMatch(view -> view.state().reason().contains("signed by none"));
    assertThat(b.hasUnpacked("web")).isFalse();
  }

  private void order(Release release, long sequence) {
    var strategy =
        new DeployOrder.Strategy(0, 0, false, true, Duration.ofMinutes(1), Duration.ofSeconds(1));
    var order =
        new DeployOrder(
            "web",
            DeployOrder.Action.RUN,
            release,
            Selector.labels("env=test"),
            sequence,
            Instant.now(),
            true,
            strategy);
    a.memory.put(
        Memory.Domain.PUBLIC,
        "deploy",
        DeployOrder.key(PUBLISHER.publicKey(), "web"),
        Bytes.of(DeployOrder.SIGNED.encode(order.sign(PUBLISHER))),
        null);
  }

  @Test
  void aBrokenNewVersionIsRolledBackOnEveryNode() throws Exception {
    assertThat(deploy("1.0.0", SERVE, Selector.labels("env=test")).await(LONG)).isTrue();
    Await.until("version 1 is believed", () -> isGood(b, "1.0.0") && isGood(c, "1.0.0"));
    var second =
        deploy(
            "2.0.0",
            "echo broken; exit 7",
            Selector.labels("env=test"),
            "restart: {policy: on-failure, delay: 100ms, max_restarts: 1}\n");
    assertThat(second.await(LONG)).as(second.progress().toString()).isTrue();
    assertThat(second.progress())
        .hasSize(2)
        .allMatch(progress -> progress.phase() == Phase.ROLLED_BACK)
        .allMatch(progress -> progress.reason().contains("status 7"));
    assertThat(b.deployments.apps())
        .allMatch(view -> view.state().version().equals("1.0.0") && view.state().pid() != null);
  }

  private static boolean isGood(Node node, String version) {
    try {
      var file = node.home.resolve("deploy/records/web.record");
      var good = dev.cis.deploy.proto.AppRecord.CODEC.decode(Files.readAllBytes(file)).good();
      return good != null && good.version().equals(version);
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void applicationsOutliveTheDaemonAndAStopIsRemembered() throws Exception {
    assertThat(deploy("1.0.0", SERVE, Selector.nodes(List.of(b.id()))).await(LONG)).isTrue();
    var pid = pid(b);
    b.restart();
    // Before the process was found again the node says what it was when it was last seen.
    Await.until(
        "healthy again, as the same process",
        () -> b.phase("web") == Phase.HEALTHY && pid(b) == pid);
    var answer =
        a.deployments.command(AppAction.STOP, "web", List.of(b.id()), PUBLISHER, LONG).getFirst();
    assertThat(answer.ok()).as(answer.message()).isTrue();
    Await.until("stopped", () -> b.phase("web") == Phase.STOPPED);
    b.restart();
    Await.until("still stopped", () -> b.phase("web") == Phase.STOPPED);
    assertThat(pid(b)).isEqualTo(-1);
    a.deployments.command(AppAction.START, "web", List.of(b.id()), PUBLISHER, LONG);
    Await.until("started", () -> b.phase("web") == Phase.HEALTHY);
    assertThat(pid(b)).isNotEqualTo(pid);
  }

  private static long pid(Node node) {
    return node.deployments.apps().stream()
        .filter(view -> view.state().node().equals(node.id()))
        .map(view -> view.state().pid())
        .filter(java.util.Objects::nonNull)
        .findFirst()
        .orElse(-1L);
  }

  @Test
  void aRemovalStopsAndDeletesEverywhere() throws Exception {
    assertThat(deploy("1.0.0", SERVE, Selector.labels("env=test")).await(LONG)).isTrue();
    var removal = a.deployments.remove("web", Selector.all(), PUBLISHER);
    Await.until(
        () -> "removed: " + removal.progress(),
        () -> b.phase("web") == Phase.REMOVED && c.phase("web") == Phase.REMOVED);
    assertThat(b.home.resolve("deploy/apps/web")).doesNotExist();
  }

  @Test
  void commandsOfStrangersForOthersAndReplayedOnesAreRefused() throws Exception {
    assertThat(deploy("1.0.0", SERVE, Selector.nodes(List.of(b.id()))).await(LONG)).isTrue();
    var stranger =
        a.deployments.command(AppAction.STOP, "web", List.of(b.id()), STRANGER, LONG).getFirst();
    assertThat(stranger.failure()).isEqualTo(DeployCode.UNTRUSTED);
    var unknown =
        a.deployments.command(AppAction.STOP, "nope", List.of(b.id()), PUBLISHER, LONG).getFirst();
    assertThat(unknown.failure()).isEqualTo(DeployCode.NO_APP);
    var now = Instant.now();
    var good = command(b.id(), now.plusSeconds(50), 1);
    assertThat(send(good).code()).isEmpty();
    assertThat(send(good).message()).contains("before");
    assertThat(send(command(c.id(), now.plusSeconds(50), 2)).message()).contains("another node");
    assertThat(send(command(b.id(), now.minusSeconds(5), 3)).message()).contains("clocks");
    assertThat(send(command(b.id(), now.plusSeconds(9999), 4)).message()).contains("clocks");
    good[good.length - 3] ^= 1;
    assertThat(send(good).code()).isNotEmpty();
  }

  private static byte[] command(NodeId target, Instant expiry, int nonce) {
    var bytes = new byte[16];
    bytes[0] = (byte) nonce;
    var command = new AppCommand("web", AppAction.RESTART, null, target, Bytes.of(bytes), expiry);
    return AppCommand.SIGNED.encode(command.sign(PUBLISHER));
  }

  private AppCommand.Answer send(byte[] command) {
    try (var stream = a.swarm.open(b.id(), ProtocolId.parse("/cis/sys/deploy/1.0"), LONG)) {
      stream.send(command);
      var answer = stream.receive(AppCommand.Answer.MAX_BYTES);
      return AppCommand.Answer.CODEC.decode(java.util.Objects.requireNonNull(answer));
    }
  }

  @Test
  void logsOfTwoNodesAreFollowedTogetherUntilTheEnd() throws Exception {
    var go = directory.resolve("go");
    var script =
        "echo hello from $CIS_NODE; echo oops >&2; while [ ! -e "
            + go
            + " ]; do sleep 0.02; done; echo last; exit 0";
    assertThat(deploy("1.0.0", script, Selector.labels("env=test")).await(LONG)).isTrue();
    var query =
        new LogQuery(
            "web",
            java.util.Set.of(
                dev.cis.deploy.proto.LogStream.STDOUT, dev.cis.deploy.proto.LogStream.STDERR),
            null,
            null,
            -1,
            "",
            true);
    try (var feed = a.deployments.logs(query, List.of(b.id(), c.id()), PUBLISHER)) {
      var texts = new HashMap<String, List<String>>();
      for (var entry = feed.next(LONG); entry != null; entry = feed.next(LONG)) {
        var lines = texts.computeIfAbsent(entry.nodeName(), name -> new ArrayList<>());
        switch (entry.record()) {
          case LogRecord.Line(_, _, var text) -> lines.add(text);
          case LogRecord.Gap(_, var what) -> lines.add("gap " + what);
          case LogRecord.End(var status, _) -> lines.add("end " + status);
        }
        if (texts.size() == 2 && !Files.exists(go)) {
          Files.createFile(go);
        }
      }
      assertThat(feed.isOver()).isTrue();
      assertThat(texts.get("b")).contains("hello from " + b.id(), "oops", "last").endsWith("end 0");
      assertThat(texts.get("c")).contains("hello from " + c.id()).endsWith("end 0");
    }
    assertThat(endOf(a.deployments.logs(query, List.of(b.id()), STRANGER))).contains("not trust");
    var tail = new LogQuery("web", java.util.Set.of(), null, null, -1, "^la.t$", false);
    try (var feed = b.deployments.logs(tail, List.of(b.id()), b.key)) {
      var first = java.util.Objects.requireNonNull(feed.next(LONG));
      assertThat(first.record())
          .isInstanceOfSatisfying(
              LogRecord.Line.class, line -> assertThat(line.text()).isEqualTo("last"));
    }
  }

  private static String endOf(LogFeed feed) throws InterruptedException {
    try (feed) {
      var entry = java.util.Objects.requireNonNull(feed.next(LONG));
      return entry.record() instanceof LogRecord.End(_, var reason) ? reason : "no end";
    }
  }

  private Deployment deploy(String version, String script, Selector selector) throws IOException {
    return deploy(version, script, selector, "");
  }

  private Deployment deploy(String version, String script, Selector selector, String manifest)
      throws IOException {
    var file = new PackageFixture("web", version, script, manifest).write(directory, PUBLISHER);
    return a.deployments.deploy(file, selector, QUICK, PUBLISHER);
  }
}

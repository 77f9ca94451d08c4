package dev.cis.deploy;

import dev.cis.blobs.Digest;
import dev.cis.deploy.proto.AppAction;
import dev.cis.deploy.proto.Phase;
import dev.cis.deploy.trust.Publishers;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sync.Memory;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.memory.MemoryNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A node in a process of its own, to be killed: {@code KilledNode <home> <order> <key>}. Knows one
 * order, has its package in another node's store, says in {@code <home>/phase} how it stands, and
 * stops the application and ends when {@code <home>/stop} appears.
 */
final class KilledNode {
  private KilledNode() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    var home = Path.of(args[0]);
    var key = KeyPair.generate(new SplittableRandom(1));
    var author = KeyPair.generate(new SplittableRandom(2)).nodeId();
    var blobs = new ConcurrentHashMap<NodeId, LabBlobs>();
    var _ = new LabBlobs(home.resolve("author"), author, blobs);
    var memory = new LabMemory.Lab();
    memory
        .join(author)
        .put(
            Memory.Domain.PUBLIC,
            "deploy",
            args[2],
            Bytes.of(Files.readAllBytes(Path.of(args[1]))),
            null);
    var own = memory.join(key.nodeId());
    own.online(true);
    var swarm =
        new MemoryNetwork()
            .join(
                key,
                TransportConfig.DEFAULT,
                StoredPeerBook.inMemory(),
                new PeerDescription("killed", new TreeMap<>(), List.of(), List.of()));
    Files.writeString(home.resolve("begun"), "");
    var deployments =
        Deployments.start(
            home.resolve("deploy"),
            key,
            swarm,
            own,
            new LabBlobs(home.resolve("blobs"), key.nodeId(), blobs),
            Publishers.open(home.resolve("trusted")),
            DeployConfig.DEFAULT);
    boolean stopping = false;
    while (true) {
      var view = deployments.apps().stream().findFirst();
      var phase = view.map(each -> each.state().phase()).orElse(Phase.WAITING);
      Files.writeString(home.resolve("phase.new"), phase.name());
      Files.move(home.resolve("phase.new"), home.resolve("phase"), StandardCopyOption.ATOMIC_MOVE);
      if (stopping && phase == Phase.STOPPED) {
        System.exit(0);
      }
      if (!stopping && Files.exists(home.resolve("stop"))) {
        stopping = true;
        deployments.command(
            AppAction.STOP, "web", List.of(key.nodeId()), key, Duration.ofSeconds(20));
      }
      Thread.sleep(20);
    }
  }

  static Digest stored(Path home, Path file) throws IOException {
    var author = KeyPair.generate(new SplittableRandom(2)).nodeId();
    try (var in = Files.newInputStream(file)) {
      return new LabBlobs(home.resolve("author"), author, new ConcurrentHashMap<>()).put(in);
    }
  }
}

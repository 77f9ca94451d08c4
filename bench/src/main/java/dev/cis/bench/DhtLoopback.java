package dev.cis.bench;

import dev.cis.dht.DhtConfig;
import dev.cis.dht.Routing;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Dialling;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.quic.QuicSwarm;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Looks up nodes among real ones, in one process. */
final class DhtLoopback implements Benchmark {
  private static final Logger LOG = Logger.getLogger("dev.cis"); // held, or it forgets its level
  private static final Duration WITHIN = Duration.ofSeconds(30);
  private static final int NODES = 50;
  private static final int MOST = 1_000;
  private static final int WARM_UP = 300;
  private static final int LOOKUPS = 500;
  private static final int KEYS = 100;
  private static final int CLOSEST = 20;
  private static final long LONGEST = 60_000_000_000L;

  private record Peer(Swarm swarm, Routing routing) {}

  @Override
  public String name() {
    return "dht-loopback";
  }

  @Override
  public String help() {
    return """
    dht-loopback [--nodes N]: N real nodes (default 50, from 30 to 1000) in one process, over QUIC on
    loopback. Each dials one of those before it, chosen at random, and looks up its own place. Then
    one node after another, chosen at random, finds a node that is not in its routing table: 300
    times to warm up, 500 times measured. value and p50 are the median until findPeer returns, p99
    the 99th percentile, in ms. messages is how many requests the askers sent for one lookup on
    average, with those of their upkeep that fell into it. keys_ are the same for 100 lookups of the
    20 nodes closest to a random key. libp2p_, in a run with 50, is js-libp2p's kad-dht over QUIC: as
    many nodes in one process, joined alike, find one that they were made to forget.\
    """;
  }

  @Override
  public Figure run() throws Exception {
    return measure(NODES);
  }

  @Override
  public Figure run(List<String> options) throws Exception {
    if (options.isEmpty()) {
      return run();
    }
    if (options.size() != 2 || !options.getFirst().equals("--nodes")) {
      throw new IllegalArgumentException("the one option is --nodes N, not " + options);
    }
    int nodes = Integer.parseInt(options.getLast());
    if (nodes < 30 || nodes > MOST) {
      throw new IllegalArgumentException("--nodes is from 30 to " + MOST + ", not " + nodes);
    }
    return measure(nodes);
  }

  private static Figure measure(int nodes) throws IOException {
    LOG.setLevel(Level.WARNING); // so many nodes have much to say
    var figure = ours(nodes);
    if (nodes == NODES) {
      var theirs = Peers.run(Peers.LIBP2P_DHT);
      for (var name : List.of("p50_ms", "p99_ms", "messages", "n")) {
        double measured = Peers.figure(theirs, name);
        if (Double.isFinite(measured)) {
          figure.notes().put("libp2p_" + name, Figure.rounded(measured));
        }
      }
      if (theirs.get("skipped") instanceof String why) {
        figure.notes().put("libp2p_skipped", why);
      }
    }
    return figure;
  }

  private static Figure ours(int nodes) throws IOException {
    var folder = Files.createTempDirectory("cis-bench-dht");
    var random = new SplittableRandom(1);
    var peers = new ArrayList<Peer>();
    try {
      long begun = System.nanoTime();
      for (int i = 0; i < nodes; i++) {
        peers.add(join(folder, i, peers, random));
      }
      for (var peer : peers) {
        var _ = peer.routing.bootstrap(WITHIN);
      }
      double built = (System.nanoTime() - begun) / 1e9;
      var times = new Histogram(LONGEST, 3);
      var _ = lookUp(peers, random, WARM_UP, new Histogram(LONGEST, 3));
      long requests = lookUp(peers, random, LOOKUPS, times);
      var keyTimes = new Histogram(LONGEST, 3);
      long keyRequests = lookUpKeys(peers, random, keyTimes);
      var notes = new LinkedHashMap<String, Object>();
      notes.put("nodes", nodes);
      notes.put("messages", Figure.rounded(requests / (double) LOOKUPS));
      notes.put("not_found", LOOKUPS - times.getTotalCount());
      notes.put("keys_p50", Figure.rounded(keyTimes.getValueAtPercentile(50) / 1e6));
      notes.put("keys_p99", Figure.rounded(keyTimes.getValueAtPercentile(99) / 1e6));
      notes.put("keys_messages", Figure.rounded(keyRequests / (double) KEYS));
      notes.put("build_s", Figure.rounded(built));
      var tables = peers.stream().mapToInt(peer -> peer.routing.tableSize()).sorted().toArray();
      notes.put("table_median", tables[nodes / 2]);
      return new Figure(
          "findPeer of a node that is not in the table",
          times.getValueAtPercentile(50) / 1e6,
          "ms",
          times.getTotalCount(),
          times.getValueAtPercentile(50) / 1e6,
          times.getValueAtPercentile(99) / 1e6,
          notes);
    } finally {
      for (var peer : peers) {
        peer.routing.close();
        peer.swarm.close();
      }
      try (var files = Files.walk(folder)) {
        for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private static Peer join(Path folder, int i, List<Peer> before, SplittableRandom random) {
    var key = KeyPair.generate(new SecureRandom());
    var swarm =
        QuicSwarm.open(
            key,
            TransportConfig.DEFAULT
                .withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .with(Dialling.DEFAULT.withDials(64, 100_000)),
            StoredPeerBook.inMemory(),
            new PeerDescription("", new TreeMap<>(), List.of(), List.of()));
    var config = DhtConfig.DEFAULT.withMode(Routing.Mode.SERVER);
    var routing = Routing.start(key, swarm, folder.resolve("table-" + i), config);
    if (!before.isEmpty()) {
      var other = before.get(random.nextInt(before.size())).swarm; // a random tree, no star
      var _ = swarm.connect(other.localAddresses().getFirst(), WITHIN);
    }
    return new Peer(swarm, routing);
  }

  /** Answers how many requests the askers sent. */
  private static long lookUp(
      List<Peer> peers, SplittableRandom random, int count, Histogram times) {
    long requests = 0;
    for (int i = 0; i < count; i++) {
      var asker = peers.get(random.nextInt(peers.size()));
      var target = stranger(asker, peers, random);
      for (int again = 0; target == null && again < MOST; again++) {
        asker = peers.get(random.nextInt(peers.size()));
        target = stranger(asker, peers, random);
      }
      if (target == null) {
        throw new IllegalStateException("all nodes have all others in their tables");
      }
      long before = asker.routing.stats().requests();
      long from = System.nanoTime();
      var found = asker.routing.findPeer(target, WITHIN);
      long took = System.nanoTime() - from;
      requests += asker.routing.stats().requests() - before;
      if (found.isPresent()) {
        times.recordValue(Math.min(took, LONGEST));
      }
    }
    return requests;
  }

  /** Answers how many requests the askers sent. */
  private static long lookUpKeys(List<Peer> peers, SplittableRandom random, Histogram times) {
    long requests = 0;
    var key = new byte[32];
    for (int i = 0; i < KEYS; i++) {
      var asker = peers.get(random.nextInt(peers.size()));
      random.nextBytes(key);
      var target = NodeId.of(key);
      long before = asker.routing.stats().requests();
      long from = System.nanoTime();
      var found = asker.routing.findClosestPeers(target, CLOSEST, WITHIN);
      long took = System.nanoTime() - from;
      requests += asker.routing.stats().requests() - before;
      if (found.size() < CLOSEST) {
        throw new IllegalStateException("only " + found.size() + " nodes close to a key");
      }
      times.recordValue(Math.min(took, LONGEST));
    }
    return requests;
  }

  /** Somebody whom the asker has not in its table; null when it has all. */
  private static @Nullable NodeId stranger(Peer asker, List<Peer> peers, SplittableRandom random) {
    var known = new HashSet<NodeId>();
    asker.routing.table().forEach(seat -> known.add(seat.record().value().node()));
    known.add(asker.swarm.self());
    var strangers =
        peers.stream().map(peer -> peer.swarm.self()).filter(id -> !known.contains(id)).toList();
    return strangers.isEmpty() ? null : strangers.get(random.nextInt(strangers.size()));
  }
}

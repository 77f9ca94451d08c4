package dev.cis.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.cis.transport.Wire;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Bulk bytes on one stream. */
final class TransportThroughput implements Benchmark {
  private static final long BYTES = 512L << 20;
  private static final int BLOCKS = 5;
  private static final int ROUNDS = 3;
  private static final int WARM_UP = 30;
  private static final int ETHERNET = 1452;

  /** What the launcher starts daemons with: compiled quickly, not well. */
  private static final String[] DAEMON = {
    "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmn4m", "-Xmx256m"
  };

  private final List<Double> large = new ArrayList<>();
  private final List<Double> small = new ArrayList<>();
  private final List<Double> tcp = new ArrayList<>();
  private final List<Double> iperf = new ArrayList<>();
  private final List<Double> iroh = new ArrayList<>();
  private final List<Double> toIroh = new ArrayList<>();
  private final List<Double> toTcp = new ArrayList<>();
  private final List<Double> first = new ArrayList<>();
  private final List<Double> later = new ArrayList<>();
  private final Map<String, Object> notes = new LinkedHashMap<>();

  @Override
  public String name() {
    return "transport-throughput";
  }

  @Override
  public String help() {
    return """
    transport-throughput: two processes on loopback, default settings. A round sends 512 MiB on one
    QUIC stream (encrypted, authenticated) until the receiver confirms that it has read the end.
    After 30 rounds to warm up come 5 blocks, each of 3 rounds with the datagrams that path MTU
    discovery finds, 3 with datagrams held to 1,452 bytes, one over plain TCP through Netty, iperf3
    over TCP, 5 rounds of iroh (bench/peers) and a fresh pair of processes with the daemon's
    options. js-libp2p runs once at the end.
    value, p50: median MB/s (10^6 bytes) of the large datagrams; p99: the slowest round.
    payload_1452_mb_s: the same at 1,452 bytes. first_second_mb_s: what the fresh processes had
    confirmed after sending for one second from their connection on; daemon_mb_s: their ninth
    second. ratio_*: median over the blocks of ours / theirs.\
    """;
  }

  @Override
  public Figure run() throws Exception {
    try (var far = FarSide.start();
        var farSmall = FarSide.start("-D" + FarSide.DATAGRAM_PROPERTY + "=" + ETHERNET);
        var swarm = FarSide.swarm();
        var swarmSmall =
            FarSide.swarm(config -> config.with(new Wire(4 << 20, 16 << 20, ETHERNET)))) {
      var toLarge = new Bulk(swarm, swarm.connect(far.quic, FarSide.LONG).peer());
      var toSmall = new Bulk(swarmSmall, swarmSmall.connect(farSmall.quic, FarSide.LONG).peer());
      for (int round = 0; round < WARM_UP; round++) {
        double _ = toLarge.send(BYTES);
        double _ = toSmall.send(BYTES / 4);
        NettyTcp.send(far.tcp, BYTES / 4);
      }
      for (int block = 0; block < BLOCKS; block++) {
        System.err.println("bench: block " + (block + 1) + " of " + BLOCKS + " ...");
        block(toLarge, toSmall, far.tcp);
      }
    }
    var libp2p = Peers.run(Peers.LIBP2P_BULK);
    note("payload_1452_mb_s", small);
    notes.put("payload_1452_slowest_mb_s", Figure.rounded(Collections.min(small)));
    note("first_second_mb_s", first);
    note("daemon_mb_s", later);
    note("tcp_netty_mb_s", tcp);
    note("iperf3_tcp_mb_s", iperf);
    note("iroh_mb_s", iroh);
    notes.put(
        "libp2p_quic_mb_s",
        libp2p.containsKey("skipped")
            ? String.valueOf(libp2p.get("skipped"))
            : Figure.rounded(Peers.figure(libp2p, "mb_s")));
    note("ratio_tcp_netty", toTcp);
    note("ratio_iroh", toIroh);
    notes.put("p99", "is the slowest round");
    return new Figure(
        "one stream, warm",
        median(large),
        "MB/s",
        large.size(),
        median(large),
        Collections.min(large),
        notes);
  }

  private void block(Bulk toLarge, Bulk toSmall, int tcpPort) throws Exception {
    var ours = new ArrayList<Double>();
    for (int round = 0; round < ROUNDS; round++) {
      ours.add(toLarge.send(BYTES));
    }
    large.addAll(ours);
    for (int round = 0; round < ROUNDS; round++) {
      small.add(toSmall.send(BYTES));
    }
    long begun = System.nanoTime();
    NettyTcp.send(tcpPort, BYTES);
    tcp.add(BYTES / 1e6 / ((System.nanoTime() - begun) / 1e9));
    toTcp.add(median(ours) / tcp.getLast());
    var other = Peers.run(Peers.IROH_BULK);
    if (other.containsKey("skipped")) {
      notes.put("iroh", String.valueOf(other.get("skipped")));
    } else {
      iroh.add(Peers.figure(other, "mb_s"));
      toIroh.add(median(ours) / iroh.getLast());
    }
    iperf3();
    var fresh = Bulk.fresh(DAEMON);
    first.add(fresh[0]);
    later.add(fresh[1]);
  }

  private void iperf3() throws InterruptedException {
    int port;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    } catch (IOException e) {
      notes.put("iperf3", String.valueOf(e.getMessage()));
      return;
    }
    try {
      var server =
          new ProcessBuilder("iperf3", "-s", "-1", "-p", Integer.toString(port))
              .redirectOutput(new File("/dev/null"))
              .redirectErrorStream(true)
              .start();
      try {
        iperf.add(client(port));
      } finally {
        server.destroy();
        boolean _ = server.waitFor(10, TimeUnit.SECONDS);
      }
    } catch (IOException e) {
      notes.put("iperf3", String.valueOf(e.getMessage()));
    }
  }

  /** Its server says nothing when it listens, so the client tries until it does. */
  private static double client(int port) throws IOException {
    var command =
        List.of("iperf3", "-c", "127.0.0.1", "-p", Integer.toString(port), "-t", "1", "-J");
    IOException last = new IOException("iperf3 did not answer");
    for (int attempt = 0; attempt < 50; attempt++) {
      try {
        var said = JSON.std.mapFrom(Peers.output(command, Path.of("."), 30));
        return Peers.figure(said, "end.sum_received.bits_per_second") / 8e6;
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  private void note(String key, List<Double> values) {
    if (!values.isEmpty()) {
      notes.put(key, Figure.rounded(median(values)));
    }
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}

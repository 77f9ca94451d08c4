package dev.cis.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Bulk bytes on one stream. */
final class TransportThroughput implements Benchmark {
  private static final long BYTES = 256L << 20;
  private static final int ROUNDS = 7;
  private static final int WARM_UP = 3;

  @Override
  public String name() {
    return "transport-throughput";
  }

  @Override
  public String help() {
    return """
    transport-throughput: two processes on loopback. Sends 256 MiB on one QUIC stream (encrypted,
    authenticated, 1,350-byte datagrams) until the receiver confirms that it has read the end, then
    the same over one plain TCP connection; 7 pairs after 3 to warm up. value is the median in MB/s
    (10^6 bytes), ratio the median of the pairwise ratios QUIC / TCP.\
    """;
  }

  @Override
  public Figure run() throws Exception {
    var quic = new ArrayList<Double>();
    var tcp = new ArrayList<Double>();
    var ratio = new ArrayList<Double>();
    try (var far = FarSide.start();
        var swarm = FarSide.swarm()) {
      var peer = swarm.connect(far.quic, FarSide.LONG).peer();
      byte[] chunk = new byte[256 << 10];
      for (int round = 0; round < WARM_UP + ROUNDS; round++) {
        long begun = System.nanoTime();
        try (var stream = swarm.open(peer, FarSide.SINK, FarSide.LONG)) {
          for (long sent = 0; sent < BYTES; sent += chunk.length) {
            stream.write(ByteBuffer.wrap(chunk));
          }
          stream.finish();
          if (stream.receive(10) == null) {
            throw new IOException("not confirmed");
          }
        }
        double overQuic = rate(begun);
        begun = System.nanoTime();
        sendTcp(far.tcp, chunk);
        double overTcp = rate(begun);
        if (round >= WARM_UP) {
          quic.add(overQuic);
          tcp.add(overTcp);
          ratio.add(overQuic / overTcp);
        }
      }
    }
    return new Figure(
        "one stream",
        median(quic),
        "MB/s",
        ROUNDS,
        median(quic),
        Collections.min(quic),
        Map.of("tcp", median(tcp), "ratio", median(ratio), "p99", "is the slowest round"));
  }

  private static void sendTcp(int port, byte[] chunk) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      var out = socket.getOutputStream();
      for (long sent = 0; sent < BYTES; sent += chunk.length) {
        out.write(chunk);
      }
      socket.shutdownOutput();
      if (socket.getInputStream().read() < 0) {
        throw new IOException("not confirmed");
      }
    }
  }

  private static double rate(long begun) {
    return BYTES / 1e6 / ((System.nanoTime() - begun) / 1e9);
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}

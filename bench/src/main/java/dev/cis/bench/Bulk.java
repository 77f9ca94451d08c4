package dev.cis.bench;

import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import dev.cis.transport.Swarm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** Bytes on one stream to the far side, until it confirms that it has read the end. */
record Bulk(Swarm swarm, NodeId peer) {
  /** What makes a process one that sends for a few seconds from its start. */
  static final String COLD = "cold-sender";

  private static final long SECOND = 1_000_000_000L;
  private static final int CHUNK = 256 << 10;
  private static final int WARM_AFTER = 8;

  /** Sends so many bytes; MB/s, of 10^6 bytes. */
  double send(long bytes) throws IOException {
    return run(bytes, Long.MAX_VALUE);
  }

  private double run(long bytes, long nanos) throws IOException {
    byte[] chunk = new byte[CHUNK];
    long begun = System.nanoTime();
    long sent = 0;
    try (var stream = swarm.open(peer, FarSide.SINK, FarSide.LONG)) {
      while (sent < bytes && System.nanoTime() - begun < nanos) {
        stream.write(ByteBuffer.wrap(chunk));
        sent += chunk.length;
      }
      stream.finish();
      if (stream.receive(10) == null) {
        throw new IOException("not confirmed");
      }
    }
    return sent / 1e6 / ((System.nanoTime() - begun) / 1e9);
  }

  /** In a process of its own: the rate of the first second, and of one after some to warm up. */
  static void cold(String address) throws IOException {
    try (var swarm = FarSide.swarm()) {
      var bulk = new Bulk(swarm, swarm.connect(Address.parse(address), FarSide.LONG).peer());
      double first = bulk.run(Long.MAX_VALUE, SECOND);
      double later = 0;
      for (int second = 0; second < WARM_AFTER; second++) {
        later = bulk.run(Long.MAX_VALUE, SECOND);
      }
      System.out.println(first + " " + later);
    }
  }

  /** MB/s of a fresh pair of processes with these options: the first second, and a later one. */
  static double[] fresh(String... options) throws IOException {
    try (var far = FarSide.start(options)) {
      var command = FarSide.java(List.of(options), COLD, far.quic.toString());
      var said = Peers.output(command, Path.of("."), 60);
      var words = said.split(" ", 2);
      return new double[] {Double.parseDouble(words[0]), Double.parseDouble(words[1])};
    }
  }
}

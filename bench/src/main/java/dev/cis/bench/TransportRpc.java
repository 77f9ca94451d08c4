package dev.cis.bench;

import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Swarm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Map;
import org.HdrHistogram.ConcurrentHistogram;

/** Calls, a new stream for each. */
final class TransportRpc implements Benchmark {
  private static final int IN_FLIGHT = 32;
  private static final int CALLS = 100_000;
  private static final int WARM_UP = 60_000;

  @Override
  public String name() {
    return "transport-rpc";
  }

  @Override
  public String help() {
    return """
    transport-rpc: two processes on loopback, 32 callers. Each call opens a stream, sends 100 bytes,
    waits for the same 100 bytes and closes. 60,000 calls to warm up, then 100,000 are measured.
    value is calls per second, p50 and p99 are in milliseconds.\
    """;
  }

  @Override
  public Figure run() throws Exception {
    var histogram = new ConcurrentHistogram(60_000_000_000L, 3);
    double rate;
    try (var far = FarSide.start();
        var swarm = FarSide.swarm()) {
      var peer = swarm.connect(far.quic, FarSide.LONG).peer();
      calls(swarm, peer, WARM_UP, new ConcurrentHistogram(60_000_000_000L, 3));
      long begun = System.nanoTime();
      calls(swarm, peer, CALLS, histogram);
      rate = histogram.getTotalCount() / ((System.nanoTime() - begun) / 1e9);
    }
    return new Figure(
        "calls, 32 in flight",
        rate,
        "calls/s",
        histogram.getTotalCount(),
        histogram.getValueAtPercentile(50) / 1e6,
        histogram.getValueAtPercentile(99) / 1e6,
        Map.of("percentiles", "in ms", "call", "a new stream, 100 bytes each way"));
  }

  private static void calls(Swarm swarm, NodeId peer, int calls, ConcurrentHistogram histogram)
      throws Exception {
    var failures = new java.util.concurrent.ConcurrentLinkedQueue<Throwable>();
    var threads = new ArrayList<Thread>();
    for (int caller = 0; caller < IN_FLIGHT; caller++) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  byte[] message = new byte[100];
                  for (int i = 0; i < calls / IN_FLIGHT; i++) {
                    long begun = System.nanoTime();
                    call(swarm, peer, message);
                    histogram.recordValue(System.nanoTime() - begun);
                  }
                } catch (IOException | RuntimeException e) {
                  failures.add(e);
                }
              }));
    }
    for (var thread : threads) {
      thread.join();
    }
    if (!failures.isEmpty()) {
      throw new IOException(failures.size() + " callers failed", failures.peek());
    }
  }

  private static void call(Swarm swarm, NodeId peer, byte[] message) throws IOException {
    try (var stream = swarm.open(peer, FarSide.ECHO, FarSide.LONG)) {
      stream.send(message);
      stream.finish();
      byte[] answer = stream.receive(1000);
      if (answer == null || answer.length != message.length) {
        throw new IOException("another answer came");
      }
    }
  }
}

package dev.cis.bench;

import dev.cis.kernel.fault.Fault;
import dev.cis.transport.Handshakes;
import dev.cis.transport.Swarm;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.HdrHistogram.ConcurrentHistogram;

/** Connections made and ended by eight nodes that dial one node at once. */
final class TransportConnect implements Benchmark {
  private static final int DIALLERS = 8;
  private static final Duration WARM_UP = Duration.ofSeconds(20);
  private static final Duration MEASURED = Duration.ofSeconds(10);
  private static final long LONGEST = 60_000_000_000L;

  @Override
  public String name() {
    return "transport-connect";
  }

  @Override
  public String help() {
    return """
    transport-connect: two processes on loopback. Eight nodes in one process dial the node in the
    other at once; each connects (TLS handshake with both certificates, greetings with signed
    records both ways, so that both sides know each other), disconnects and begins again: 20 s to
    warm up, then 10 s measured. Done without and then with resumed TLS sessions. value is full
    connections per second, p50 and p99 are the milliseconds until connect returns; cpu-us is the
    processor time of both processes for one connection. iroh and libp2p are what iroh and
    js-libp2p (QUIC) reach with eight nodes that dial, in the same run.\
    """;
  }

  /** One run: rate, latencies and what it cost. */
  private record Outcome(double rate, long count, double p50, double p99, double cpuMicros) {}

  @Override
  public Figure run() throws Exception {
    var full = measure(0);
    var resumed = measure(1_000);
    var notes = new LinkedHashMap<String, Object>();
    notes.put("percentiles", "in ms");
    for (var peer : List.of(Peers.IROH_CONN, Peers.LIBP2P_CONN)) {
      double rate = Peers.figure(Peers.run(peer), "eight_at_once.per_s");
      if (Double.isFinite(rate)) {
        notes.put(peer.split(" ", 2)[0], Figure.rounded(rate));
        notes.put("ratio-to-" + peer.split(" ", 2)[0], Figure.rounded(full.rate / rate));
      }
    }
    notes.put("cpu-us", Figure.rounded(full.cpuMicros));
    notes.put("resumed-per-second", Figure.rounded(resumed.rate));
    notes.put("resumed-p50", Figure.rounded(resumed.p50));
    notes.put("resumed-p99", Figure.rounded(resumed.p99));
    notes.put("resumed-cpu-us", Figure.rounded(resumed.cpuMicros));
    return new Figure(
        "full authenticated connections, 8 dialling at once",
        full.rate,
        "connections/s",
        full.count,
        full.p50,
        full.p99,
        notes);
  }

  private static Outcome measure(int sessions) throws Exception {
    var diallers = new ArrayList<Swarm>();
    try (var far = FarSide.start()) {
      for (int i = 0; i < DIALLERS; i++) {
        diallers.add(FarSide.swarm(config -> config.with(new Handshakes(sessions))));
      }
      dial(diallers, far, WARM_UP, new ConcurrentHistogram(LONGEST, 3));
      var histogram = new ConcurrentHistogram(LONGEST, 3);
      var cpu = far.cpu().plus(FarSide.ownCpu());
      double seconds = dial(diallers, far, MEASURED, histogram);
      var spent = far.cpu().plus(FarSide.ownCpu()).minus(cpu);
      long count = histogram.getTotalCount();
      return new Outcome(
          count / seconds,
          count,
          histogram.getValueAtPercentile(50) / 1e6,
          histogram.getValueAtPercentile(99) / 1e6,
          spent.toNanos() / 1e3 / count);
    } finally {
      diallers.forEach(Swarm::close);
    }
  }

  /** All dial for so long; answers the seconds that it took. */
  private static double dial(
      List<Swarm> diallers, FarSide far, Duration length, ConcurrentHistogram histogram)
      throws Exception {
    long begun = System.nanoTime();
    var failures = new ConcurrentLinkedQueue<Fault>();
    var threads = new ArrayList<Thread>();
    for (var dialler : diallers) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  var peer = dialler.connect(far.quic, FarSide.LONG).peer();
                  while (System.nanoTime() - begun < length.toNanos()) {
                    boolean _ = dialler.hangUp(peer, "measured");
                    long from = System.nanoTime();
                    var _ = dialler.connect(peer, FarSide.LONG);
                    histogram.recordValue(System.nanoTime() - from);
                  }
                } catch (Fault e) {
                  failures.add(e);
                }
              }));
    }
    for (var thread : threads) {
      thread.join();
    }
    if (!failures.isEmpty()) {
      throw new IOException(failures.size() + " diallers failed", failures.peek());
    }
    return (System.nanoTime() - begun) / 1e9;
  }
}

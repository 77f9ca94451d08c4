package dev.cis.bench;

import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Swarm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.HdrHistogram.ConcurrentHistogram;

/** Calls: one question, one answer. */
final class TransportRpc implements Benchmark {
  private static final int IN_FLIGHT = 32;
  private static final int MANY = 256;
  private static final int CALLS = 400_000;
  private static final int SINGLE = 40_000;
  private static final int STREAMS = 100_000;
  private static final byte[] MESSAGE = new byte[100];

  @Override
  public String name() {
    return "transport-rpc";
  }

  @Override
  public String help() {
    return """
    transport-rpc: two processes on loopback. Each call asks with 100 bytes and is answered with the
    same 100 bytes, by a handler that does not wait. value is calls per second with 32 callers, each
    a virtual thread that waits for its answer and asks again, over 400,000 calls after as many to
    warm up; p50 and p99 are theirs, in milliseconds. Notes: the same with 256 callers; with 32
    futures in flight and no threads; one caller; handlers on virtual threads; 32 callers that open
    a stream for each call; then iroh and js-libp2p with 256 bytes each way.\
    """;
  }

  /** One way to ask. */
  private interface Ask {
    byte[] ask(byte[] message) throws IOException;
  }

  private record Result(double rate, ConcurrentHistogram times) {
    double millis(double percentile) {
      return times.getValueAtPercentile(percentile) / 1e6;
    }
  }

  @Override
  public Figure run() throws Exception {
    var notes = new LinkedHashMap<String, Object>();
    notes.put("percentiles", "in ms");
    Result main;
    try (var far = FarSide.start();
        var swarm = FarSide.swarm()) {
      var peer = swarm.connect(far.quic, FarSide.LONG).peer();
      Ask call = message -> swarm.ask(peer, FarSide.INLINE, message, FarSide.LONG).bytes();
      Ask served = message -> swarm.ask(peer, FarSide.ECHO, message, FarSide.LONG).bytes();
      callers(call, IN_FLIGHT, CALLS);
      main = callers(call, IN_FLIGHT, CALLS);
      note(notes, "in_flight_256", callers(call, MANY, CALLS));
      futures(swarm, peer, CALLS / 2);
      note(notes, "futures_32", futures(swarm, peer, CALLS));
      callers(call, 1, SINGLE);
      note(notes, "one_at_a_time", callers(call, 1, SINGLE));
      callers(served, IN_FLIGHT, CALLS / 4);
      note(notes, "handlers_on_threads", callers(served, IN_FLIGHT, CALLS / 4));
      Ask stream = message -> overStream(swarm, peer, message);
      callers(stream, IN_FLIGHT, STREAMS);
      note(notes, "new_stream_each", callers(stream, IN_FLIGHT, STREAMS));
    }
    beside(notes, "iroh", Peers.run(Peers.IROH_RPC));
    beside(notes, "js_libp2p", Peers.run(Peers.LIBP2P_RPC));
    return new Figure(
        "calls, 32 in flight",
        main.rate,
        "calls/s",
        main.times.getTotalCount(),
        main.millis(50),
        main.millis(99),
        notes);
  }

  private static void note(Map<String, Object> notes, String name, Result result) {
    notes.put(name + "_per_s", Figure.rounded(result.rate));
    notes.put(name + "_p50", Figure.rounded(result.millis(50)));
    notes.put(name + "_p99", Figure.rounded(result.millis(99)));
  }

  private static void beside(Map<String, Object> notes, String name, Map<String, Object> figures) {
    if (figures.containsKey("skipped")) {
      notes.put(name, figures);
      return;
    }
    for (var what : List.of("new_stream_32", "kept_stream_32", "kept_stream_1")) {
      notes.put(
          name + "_" + what + "_per_s", Figure.rounded(Peers.figure(figures, what + ".per_s")));
    }
    notes.put(
        name + "_kept_stream_1_p50", Figure.rounded(Peers.figure(figures, "kept_stream_1.p50_ms")));
  }

  private static Result callers(Ask ask, int callers, int calls) throws Exception {
    var times = new ConcurrentHistogram(60_000_000_000L, 3);
    var failures = new ConcurrentLinkedQueue<Throwable>();
    var threads = new ArrayList<Thread>();
    long begun = System.nanoTime();
    for (int caller = 0; caller < callers; caller++) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  for (int i = 0; i < calls / callers; i++) {
                    long asked = System.nanoTime();
                    if (ask.ask(MESSAGE).length != MESSAGE.length) {
                      throw new IOException("another answer came");
                    }
                    times.recordValue(System.nanoTime() - asked);
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
    return new Result(times.getTotalCount() / ((System.nanoTime() - begun) / 1e9), times);
  }

  /** The same without threads: each answer's continuation asks again. */
  private static Result futures(Swarm swarm, NodeId peer, int calls) throws Exception {
    var times = new ConcurrentHistogram(60_000_000_000L, 3);
    var done = new CompletableFuture<Long>();
    var left = new AtomicInteger(calls);
    var running = new AtomicInteger(IN_FLIGHT);
    long begun = System.nanoTime();
    for (int i = 0; i < IN_FLIGHT; i++) {
      new Object() {
        void next() {
          if (left.getAndDecrement() <= 0) {
            if (running.decrementAndGet() == 0) {
              done.complete(System.nanoTime());
            }
            return;
          }
          long asked = System.nanoTime();
          var _ =
              swarm
                  .call(peer, FarSide.INLINE, MESSAGE, FarSide.LONG)
                  .whenComplete((answer, failure) -> {
                    if (failure != null) {
                      done.completeExceptionally(failure);
                    } else {
                      times.recordValue(System.nanoTime() - asked);
                      next();
                    }
                  });
        }
      }.next();
    }
    return new Result(calls / ((done.get() - begun) / 1e9), times);
  }

  private static byte[] overStream(Swarm swarm, NodeId peer, byte[] message) throws IOException {
    try (var stream = swarm.open(peer, FarSide.ECHO, FarSide.LONG)) {
      stream.send(message);
      stream.finish();
      byte[] answer = stream.receive(1000);
      return answer == null ? new byte[0] : answer;
    }
  }
}

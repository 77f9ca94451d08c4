package dev.cis.bench;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Priority;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/** A ping beside a transfer that takes all it can get. */
final class TransportFairness implements Benchmark {
  private static final ProtocolId PING = ProtocolId.parse("/cis/sys/ping/1.0");
  private static final int ROUNDS = 5;
  private static final int PINGS = 400;
  private static final long RAMP = 32L << 20;

  @Override
  public String name() {
    return "transport-fairness";
  }

  @Override
  public String help() {
    return """
    transport-fairness: two processes on loopback, one connection. Times a ping (a new stream, 8 bytes
    there and back), 400 a round: while nothing else travels (idle), while one stream to the same
    peer is written as fast as it takes bytes, with priorities (ping control, transfer bulk) and with
    priorities off (both alike); 5 rounds of the three after one to warm up. value is the median over
    the rounds of the p99 with priorities, in ms. Beside it the same for idle and off, the pairwise
    ratios, and the rate of the transfer meanwhile.\
    """;
  }

  private record Round(List<Double> millis, double rate) {
    double quantile(double q) {
      var sorted = new ArrayList<>(millis);
      Collections.sort(sorted);
      return sorted.get((int) Math.min(sorted.size() - 1, q * sorted.size()));
    }
  }

  @Override
  public Figure run() throws Exception {
    var idle = new ArrayList<Round>();
    var ranked = new ArrayList<Round>();
    var alike = new ArrayList<Round>();
    try (var far = FarSide.start();
        var swarm = FarSide.swarm()) {
      var peer = swarm.connect(far.quic, FarSide.LONG).peer();
      for (int round = 0; round <= ROUNDS; round++) {
        var quiet = new Round(pings(swarm, peer), 0);
        rank(swarm, Priority.CONTROL, Priority.BULK);
        var with = loaded(swarm, peer);
        rank(swarm, Priority.INTERACTIVE, Priority.INTERACTIVE);
        var without = loaded(swarm, peer);
        if (round > 0) {
          idle.add(quiet);
          ranked.add(with);
          alike.add(without);
        }
      }
    }
    return figure(idle, ranked, alike);
  }

  private static void rank(Swarm swarm, Priority ping, Priority sink) {
    swarm.traffic().rank(PING, ping);
    swarm.traffic().rank(FarSide.SINK, sink);
  }

  private static List<Double> pings(Swarm swarm, NodeId peer) {
    var millis = new ArrayList<Double>();
    for (int i = 0; i < PINGS; i++) {
      millis.add(swarm.ping(peer, FarSide.LONG).toNanos() / 1e6);
    }
    return millis;
  }

  private static Round loaded(Swarm swarm, NodeId peer) throws InterruptedException {
    var sent = new AtomicLong();
    var ramped = new CountDownLatch(1);
    var stream = swarm.open(peer, FarSide.SINK, FarSide.LONG);
    var writer = Thread.ofVirtual().start(() -> write(stream, sent, ramped));
    ramped.await();
    long before = sent.get();
    long begun = System.nanoTime();
    var millis = pings(swarm, peer);
    double rate = (sent.get() - before) / 1e6 / ((System.nanoTime() - begun) / 1e9);
    stream.reset(Kind.UNREACHABLE);
    writer.join();
    return new Round(millis, rate);
  }

  private static void write(Stream stream, AtomicLong sent, CountDownLatch ramped) {
    byte[] chunk = new byte[256 << 10];
    try {
      while (true) {
        stream.write(ByteBuffer.wrap(chunk));
        if (sent.addAndGet(chunk.length) >= RAMP) {
          ramped.countDown();
        }
      }
    } catch (Fault e) {
      ramped.countDown(); // broken off, as agreed
    }
  }

  private static Figure figure(List<Round> idle, List<Round> ranked, List<Round> alike) {
    var toIdle = new ArrayList<Double>();
    var toAlike = new ArrayList<Double>();
    for (int i = 0; i < ranked.size(); i++) {
      toIdle.add(ranked.get(i).quantile(0.99) / idle.get(i).quantile(0.99));
      toAlike.add(ranked.get(i).quantile(0.99) / alike.get(i).quantile(0.99));
    }
    var notes = new LinkedHashMap<String, Object>();
    notes.put("idle_p50_ms", Figure.rounded(median(idle, 0.5)));
    notes.put("idle_p99_ms", Figure.rounded(median(idle, 0.99)));
    notes.put("off_p50_ms", Figure.rounded(median(alike, 0.5)));
    notes.put("off_p99_ms", Figure.rounded(median(alike, 0.99)));
    notes.put("ratio_to_idle", Figure.rounded(middle(toIdle)));
    notes.put("ratio_to_off", Figure.rounded(middle(toAlike)));
    notes.put("transfer_MB_s", Figure.rounded(middle(rates(ranked))));
    notes.put("transfer_off_MB_s", Figure.rounded(middle(rates(alike))));
    return new Figure(
        "ping under a saturating transfer, p99",
        median(ranked, 0.99),
        "ms",
        (long) ranked.size() * PINGS,
        median(ranked, 0.5),
        median(ranked, 0.99),
        Map.copyOf(notes));
  }

  private static List<Double> rates(List<Round> rounds) {
    return rounds.stream().map(Round::rate).toList();
  }

  private static double median(List<Round> rounds, double quantile) {
    return middle(rounds.stream().map(round -> round.quantile(quantile)).toList());
  }

  private static double middle(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}

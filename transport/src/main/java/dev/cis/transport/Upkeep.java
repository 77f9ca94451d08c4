package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.transport.proto.Trim;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes the least useful connections when there are more than the high-water mark. */
final class Upkeep implements Consumer<NodeId>, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);

  private final Trim trim;
  private final Peers peers;
  private final Predicate<NodeId> isProtected;
  private final Consumer<Live> close;
  private final Supplier<Now> clock;
  private final Thread thread = Thread.ofVirtual().name("upkeep").unstarted(this::run);
  private final BlockingQueue<NodeId> changed = new ArrayBlockingQueue<>(1);

  Upkeep(
      ConnectionLimits limits,
      Peers peers,
      Predicate<NodeId> isProtected,
      Consumer<Live> close,
      Supplier<Now> clock) {
    this.trim = new Trim(limits.lowWater(), limits.highWater(), limits.gracePeriod());
    this.peers = peers;
    this.isProtected = isProtected;
    this.close = close;
    this.clock = clock;
  }

  void start() {
    peers.watch(this);
    thread.start();
  }

  @Override
  public void close() {
    peers.unwatch(this);
    thread.interrupt();
  }

  /** A link came or went. */
  @Override
  public void accept(NodeId peer) {
    boolean _ = changed.offer(peer);
  }

  private void run() {
    try {
      var again = Duration.ZERO;
      while (true) {
        var _ =
            again.isZero() ? changed.take() : changed.poll(again.toNanos(), TimeUnit.NANOSECONDS);
        if (peers.count() <= trim.high()) {
          again = Duration.ZERO;
          continue;
        }
        var all = peers.all();
        var plan =
            trim.plan(all.stream().map(live -> candidate(live, isProtected, clock)).toList());
        for (var cut : plan.cut()) {
          var live = peers.live(cut.peer());
          if (live != null) {
            LOG.debug("event=trimmed peer={} worth={}", cut.peer().brief(), Trim.worth(cut));
            close.accept(live);
          }
        }
        again = plan.again();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The one of these to give up for a protected peer. */
  static @Nullable Live victim(List<Live> all, Predicate<NodeId> isProtected, Supplier<Now> clock) {
    var victim =
        Trim.victim(all.stream().map(live -> candidate(live, isProtected, clock)).toList());
    return victim
        .flatMap(v -> all.stream().filter(live -> live.peer().equals(v.peer())).findFirst())
        .orElse(null);
  }

  private static Trim.Candidate candidate(
      Live live, Predicate<NodeId> isProtected, Supplier<Now> clock) {
    var now = clock.get().uptime();
    return new Trim.Candidate(
        live.peer(),
        isProtected.test(live.peer()),
        live.link.outbound(),
        now.minus(live.begun),
        now.minus(live.lastUse()),
        live.openStreams());
  }
}

package dev.cis.transport;

import dev.cis.kernel.time.Now;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells from regular looks at the clocks and at the machine's addresses when connections may be
 * dead without anybody having said so: the machine slept, this process was stopped, an interface
 * went or came. Pure; a false alarm costs a ping to each peer.
 */
final class Surroundings {
  // Less is a clock being set; what comes of a suspend of that length is found by keepalive.
  private static final Duration SUSPENDED = Duration.ofSeconds(5);

  private final Duration stopped;
  private @Nullable Now last;
  private Set<InetAddress> addresses = Set.of();

  /** A process that was not heard of for longer than this counts as stopped. */
  Surroundings(Duration stopped) {
    this.stopped = stopped;
  }

  /**
   * What a look has shown.
   *
   * @param slept whether time was lost
   * @param moved whether an address came or went
   */
  record Change(boolean slept, boolean moved) {
    /** Nothing. */
    static final Change NONE = new Change(false, false);

    /** Whether there is anything to do. */
    boolean isAny() {
      return slept || moved;
    }
  }

  /** Looks; the first look only remembers. */
  Change look(Now now, Set<InetAddress> present) {
    var before = last;
    last = now;
    var known = addresses;
    addresses = Set.copyOf(new HashSet<>(present));
    if (before == null) {
      return Change.NONE;
    }
    var awake = now.uptime().minus(before.uptime());
    // The monotonic clock of Linux stands still while the machine is suspended (clock_gettime(2)).
    var missed = Duration.between(before.wall(), now.wall()).minus(awake);
    boolean slept = awake.compareTo(stopped) > 0 || missed.compareTo(SUSPENDED) > 0;
    return new Change(slept, !known.equals(addresses));
  }
}

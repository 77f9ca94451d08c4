package dev.cis.dht.proto;

import java.time.Duration;

/**
 * How long an answer takes as a rule, and after what time it is slow: the smoothed round trip and
 * four times its deviation, as in RFC 6298; but not before a node without a connection can have
 * answered, which takes a handshake more.
 */
final class RoundTrip {
  private static final long LEAST = Duration.ofMillis(20).toNanos();

  /** A handshake and the question itself, and half a round trip for what differs. */
  private static final double WITH_HANDSHAKE = 2.5;

  private final long most;
  private long smoothed;
  private long deviation;

  /** Until something was measured, {@code most} is slow, and never more than that. */
  RoundTrip(Duration most) {
    this.most = most.toNanos();
  }

  void measured(Duration roundTrip) {
    long took = roundTrip.toNanos();
    if (smoothed == 0) {
      smoothed = took;
      deviation = took / 2;
    } else {
      deviation += (Math.abs(took - smoothed) - deviation) / 4;
      smoothed += (took - smoothed) / 8;
    }
  }

  Duration slowAfter() {
    if (smoothed == 0) {
      return Duration.ofNanos(most);
    }
    long slow = Math.max(smoothed + 4 * deviation, (long) (WITH_HANDSHAKE * smoothed));
    return Duration.ofNanos(Math.clamp(slow, Math.min(LEAST, most), most));
  }
}

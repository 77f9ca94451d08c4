package dev.cis.dht.proto;

import java.time.Duration;

/**
 * How long an answer takes as a rule, and after what time it is slow: the smoothed round trip and
 * four times its deviation, as in RFC 6298.
 */
final class RoundTrip {
  private static final long LEAST = Duration.ofMillis(20).toNanos();

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
    return smoothed == 0
        ? Duration.ofNanos(most)
        : Duration.ofNanos(Math.clamp(smoothed + 4 * deviation, Math.min(LEAST, most), most));
  }
}

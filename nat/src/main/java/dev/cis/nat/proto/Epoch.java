package dev.cis.nat.proto;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Tells from the seconds that a router counts whether it has forgotten its mappings since the last
 * answer: RFC 6887 section 8.5. A false alarm costs one more request.
 */
final class Epoch {
  private static final double SLACK = 2;
  private static final double CLOCK_ERROR = 1.0 / 16;

  private @Nullable Duration heardAt;
  private long last;

  /** Hears the next answer; true if the router has started anew in between. */
  boolean restarted(Duration uptime, long seconds) {
    var before = heardAt;
    double server = seconds - last;
    heardAt = uptime;
    last = seconds;
    if (before == null) {
      return false;
    }
    double client = uptime.minus(before).toMillis() / 1000.0;
    return server < -1
        || client + SLACK < server * (1 - CLOCK_ERROR)
        || server + SLACK < client * (1 - CLOCK_ERROR);
  }

  /** Another router counts from elsewhere. */
  void forget() {
    heardAt = null;
  }
}

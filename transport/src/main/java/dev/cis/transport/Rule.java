package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import java.time.Duration;

/**
 * What a setting must fulfil. A class of its own: were it in {@link TransportConfig}, whoever
 * looked at one table of settings first would find the defaults of all of them half made.
 */
final class Rule {
  private Rule() {}

  static void positive(Duration value, String key) {
    check(!value.isNegative() && !value.isZero(), key, "is more than zero");
  }

  static void check(boolean holds, String key, String rule) {
    if (!holds) {
      throw new Fault(TransportCode.BAD_CONFIG, "transport." + key + " " + rule);
    }
  }
}

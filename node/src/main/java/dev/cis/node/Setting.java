package dev.cis.node;

import java.util.Locale;

/**
 * One configuration key.
 *
 * @param key such as {@code p2p.listen_port}
 * @param type how it is written
 * @param fallback its default
 * @param component the path to the component in the section's record
 * @param section whose it is
 */
record Setting(String key, ValueType type, Object fallback, String component, Section section) {
  /** The environment variable that sets it: {@code CIS_P2P_LISTEN_PORT}. */
  String variable() {
    return "CIS_" + key.toUpperCase(Locale.ROOT).replace('.', '_');
  }
}

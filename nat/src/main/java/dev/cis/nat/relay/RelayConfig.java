package dev.cis.nat.relay;

import dev.cis.nat.proto.RelayLimits;

/**
 * What an anchor relays, {@code [relay]} in the configuration file. It says something only with
 * {@code p2p.anchor = true}.
 *
 * @param enabled whether to relay at all
 * @param strangers whether for nodes that share no realm with this anchor too
 * @param limits what it gives away
 */
public record RelayConfig(boolean enabled, boolean strangers, RelayLimits limits) {
  /** The defaults. */
  public static final RelayConfig DEFAULT = new RelayConfig(true, true, RelayLimits.DEFAULT);
}

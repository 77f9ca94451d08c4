package dev.cis.nat;

/**
 * Settings of what an anchor does for others, {@code [anchor]} in the configuration file. They say
 * something only with {@code p2p.anchor = true}.
 *
 * @param stun whether to answer STUN binding requests on the port that carries QUIC
 * @param stunRate STUN answers for one network (/24, IPv6 /56) in a second
 * @param dialBack whether to send a datagram to whoever wants to know if it can be reached
 * @param dialBackRate such datagrams for all together in a second
 * @param dialBackPerPeer questions of one node in a minute; its network may ask five times as often
 */
public record AnchorConfig(
    boolean stun, int stunRate, boolean dialBack, int dialBackRate, int dialBackPerPeer) {
  /** The defaults. */
  public static final AnchorConfig DEFAULT = new AnchorConfig(true, 50, true, 100, 6);

  /** Checks the values. */
  public AnchorConfig {
    if (stunRate < 1 || stunRate > 1_000_000) {
      throw new IllegalArgumentException("anchor.stun_rate is 1 to 1000000");
    }
    if (dialBackRate < 1 || dialBackRate > 100_000) {
      throw new IllegalArgumentException("anchor.dial_back_rate is 1 to 100000");
    }
    if (dialBackPerPeer < 1 || dialBackPerPeer > 600) {
      throw new IllegalArgumentException("anchor.dial_back_per_peer is 1 to 600");
    }
  }
}

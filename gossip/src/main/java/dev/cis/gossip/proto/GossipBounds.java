package dev.cis.gossip.proto;

import java.time.Duration;

/**
 * The limits of one machine.
 *
 * @param lifetime how long a rumour is kept for those who missed it
 * @param clockSkew how far clocks of different nodes may be apart; a rumour is accepted from its
 *     publication minus this until its publication plus lifetime plus this
 * @param announceFirst pause before a rumour is announced to neighbours that may have missed it
 * @param announceLast longest pause between announcements; pauses double up to it
 * @param askFirst pause between hearing of a rumour and asking for it, in which a push may come
 * @param askAgain pause before another announcer is asked; it doubles with each try
 * @param cachedBytes payload bytes kept for others
 * @param rememberedIds ids kept against duplicates
 * @param missing rumours that are asked for at one time
 */
public record GossipBounds(
    Duration lifetime,
    Duration clockSkew,
    Duration announceFirst,
    Duration announceLast,
    Duration askFirst,
    Duration askAgain,
    int cachedBytes,
    int rememberedIds,
    int missing) {
  /** What suits nodes from a laptop to a server. */
  public static final GossipBounds DEFAULT =
      new GossipBounds(
          Duration.ofSeconds(120),
          Duration.ofSeconds(60),
          Duration.ofSeconds(1),
          Duration.ofSeconds(10),
          Duration.ofMillis(50),
          Duration.ofSeconds(1),
          8 * 1024 * 1024,
          65_536,
          4_096);

  /** Checks the values. */
  public GossipBounds {
    positive("gossip.lifetime", lifetime);
    positive("gossip.clock_skew", clockSkew);
    positive("gossip.announce_first", announceFirst);
    positive("gossip.announce_last", announceLast);
    positive("gossip.ask_first", askFirst);
    positive("gossip.ask_again", askAgain);
    if (cachedBytes < Rumour.MAX_PAYLOAD || rememberedIds < 1 || missing < 1) {
      throw new IllegalArgumentException(
          "gossip.cached_bytes at least "
              + Rumour.MAX_PAYLOAD
              + ", gossip.remembered_ids and gossip.missing at least 1");
    }
  }

  private static void positive(String key, Duration value) {
    if (value.isNegative() || value.isZero() || value.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException(key + " above 0 and at most 1 h, not " + value);
    }
  }
}

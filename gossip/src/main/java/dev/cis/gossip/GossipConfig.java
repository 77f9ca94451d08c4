package dev.cis.gossip;

import dev.cis.gossip.proto.GossipBounds;
import dev.cis.gossip.proto.Rumour;

/**
 * How gossip behaves.
 *
 * @param bounds the limits of the protocol
 * @param sendFrames frames that wait for one peer at most; further ones are dropped and repaired
 * @param sendBytes bytes that wait for one peer at most
 * @param receiveFramesPerSecond frames read from one peer per second in the long run; a faster peer
 *     is read more slowly
 */
public record GossipConfig(
    GossipBounds bounds, int sendFrames, int sendBytes, int receiveFramesPerSecond) {
  /** What suits nodes from a laptop to a server. */
  public static final GossipConfig DEFAULT =
      new GossipConfig(GossipBounds.DEFAULT, 1_024, 4 * 1024 * 1024, 2_000);

  /** Checks the values. */
  public GossipConfig {
    if (sendFrames < 1 || sendBytes < 2 * Rumour.MAX_PAYLOAD || receiveFramesPerSecond < 1) {
      throw new IllegalArgumentException(
          "gossip.send_frames and gossip.receive_frames_per_second at least 1 and"
              + " gossip.send_bytes at least "
              + 2 * Rumour.MAX_PAYLOAD);
    }
  }
}

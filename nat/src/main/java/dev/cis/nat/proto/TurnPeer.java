package dev.cis.nat.proto;

import dev.cis.kernel.time.Machine;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** Somebody to whom datagrams go through a TURN server, and what the server was told of it. */
final class TurnPeer {
  /** Datagrams that wait until the peer is let in. */
  private static final int MOST_WAITING = 32;

  /** Permissions last 5 minutes, channels 10 (RFC 8656 sections 9 and 12). */
  private static final Duration RENEWED_AFTER = Duration.ofMinutes(4);

  /** Whoever is not spoken to for so long is let go. */
  private static final Duration IDLE = Duration.ofMinutes(10);

  final Endpoint endpoint;

  /** Its channel; 0 if there was none left. */
  final int channel;

  final Deque<Bytes> waiting = new ArrayDeque<>();
  boolean permitted;
  boolean bound;
  Duration lastUsed;
  Duration renewAt;

  TurnPeer(Endpoint endpoint, int channel, Duration now) {
    this.endpoint = endpoint;
    this.channel = channel;
    this.lastUsed = now;
    this.renewAt = now.plus(RENEWED_AFTER);
  }

  void hold(Bytes datagram) {
    if (waiting.size() < MOST_WAITING) {
      waiting.add(datagram);
    }
  }

  boolean isIdle(Duration now) {
    return now.minus(lastUsed).compareTo(IDLE) >= 0;
  }

  boolean isDue(Duration now) {
    return renewAt.compareTo(now) <= 0;
  }

  void renewed(Duration now) {
    renewAt = now.plus(RENEWED_AFTER);
  }

  static Duration first(Iterable<TurnPeer> peers) {
    var first = Machine.NEVER;
    for (var peer : peers) {
      first = peer.renewAt.compareTo(first) < 0 ? peer.renewAt : first;
    }
    return first;
  }
}

package dev.cis.transport;

/**
 * How bytes travel.
 *
 * @param streamWindow bytes that may be under way unread on one stream; default 4 MiB
 * @param connectionWindow bytes that may be under way unread on one connection; default 16 MiB
 */
public record Wire(int streamWindow, int connectionWindow) {
  /** The defaults. */
  public static final Wire DEFAULT = new Wire(4 << 20, 16 << 20);

  /** Checks every setting; the message names the key. */
  public Wire {
    TransportConfig.check(streamWindow >= 1 << 14, "stream_window", "is at least 16 KiB");
    TransportConfig.check(
        connectionWindow >= streamWindow, "connection_window", "is at least stream_window");
  }
}

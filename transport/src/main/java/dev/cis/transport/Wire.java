package dev.cis.transport;

/**
 * How bytes travel.
 *
 * @param streamWindow bytes that may be under way unread on one stream; default 4 MiB
 * @param connectionWindow bytes that may be under way unread on one connection; default 16 MiB
 * @param maxDatagram largest UDP payload in bytes that is tried, if the interfaces and the path
 *     carry it; 1,200 is the size that every path carries and tries nothing; default 65,527, all
 *     there is
 */
public record Wire(int streamWindow, int connectionWindow, int maxDatagram) {
  /** The defaults. */
  public static final Wire DEFAULT = new Wire(4 << 20, 16 << 20, 65_527);

  /** Checks every setting; the message names the key. */
  public Wire {
    Rule.check(streamWindow >= 1 << 14, "stream_window", "is at least 16 KiB");
    Rule.check(connectionWindow >= streamWindow, "connection_window", "is at least stream_window");
    Rule.check(maxDatagram >= 1200 && maxDatagram <= 65_527, "max_datagram", "is 1200 to 65527");
  }
}

package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import java.util.List;
import java.util.regex.Pattern;

/**
 * How many bytes a second may travel, 0 for no limit. Counted are the bytes of streams, without
 * what QUIC adds. The limits of a running node can be changed with {@code cis p2p bandwidth limit}.
 *
 * @param bandwidthIn bytes a second from all peers together, 0 for no limit; default 0
 * @param bandwidthOut bytes a second to all peers together, 0 for no limit; default 0
 * @param peerBandwidthIn bytes a second from each peer, 0 for no limit; default 0
 * @param peerBandwidthOut bytes a second to each peer, 0 for no limit; default 0
 * @param protocolBandwidth bytes a second for single protocols, at most 256, each such as {@code
 *     /cis/sys/blobs in=10MiB out=5MiB}, where one of the two may be missing; default none
 */
public record Bandwidth(
    long bandwidthIn,
    long bandwidthOut,
    long peerBandwidthIn,
    long peerBandwidthOut,
    List<String> protocolBandwidth) {
  /** The defaults. */
  public static final Bandwidth DEFAULT = new Bandwidth(0, 0, 0, 0, List.of());

  /** The slowest limit in bytes a second; below it even a greeting would not get through. */
  public static final long SLOWEST = 1024;

  private static final int MAX_PROTOCOLS = 256;
  private static final Pattern RULE =
      Pattern.compile("(\\S{1,128})(?: +in=(\\S{1,24}))?(?: +out=(\\S{1,24}))?");
  private static final Pattern RATE = Pattern.compile("(\\d{1,12})(KiB|MiB|GiB|kB|MB|GB|)(?:/s)?");

  /** Checks every setting; the message names the key. */
  public Bandwidth {
    protocolBandwidth = List.copyOf(protocolBandwidth);
    check(bandwidthIn, "bandwidth_in");
    check(bandwidthOut, "bandwidth_out");
    check(peerBandwidthIn, "peer_bandwidth_in");
    check(peerBandwidthOut, "peer_bandwidth_out");
    require(
        protocolBandwidth.size() <= MAX_PROTOCOLS,
        "protocol_bandwidth",
        "has at most " + MAX_PROTOCOLS + " rules");
    protocolBandwidth.forEach(Rule::parse);
  }

  private static void check(long rate, String key) {
    require(rate == 0 || rate >= SLOWEST, key, "is 0 (no limit) or at least 1 KiB a second");
  }

  /** Not the check of {@link TransportConfig}, whose defaults need those of this class first. */
  private static void require(boolean holds, String key, String rule) {
    if (!holds) {
      throw new Fault(TransportCode.BAD_CONFIG, "transport." + key + " " + rule);
    }
  }

  /** The rules for protocols. */
  List<Rule> rules() {
    return protocolBandwidth.stream().map(Rule::parse).toList();
  }

  /**
   * Reads a rate such as {@code 5MiB}, {@code 10MB/s}, {@code 200000}, or {@code 0} and {@code
   * unlimited} for none. Powers of 1,024 end in {@code iB}, those of 1,000 in {@code B}.
   *
   * @throws Fault {@code transport.bad-config}
   */
  public static long parseRate(String text) {
    var matcher = RATE.matcher(text.equals("unlimited") ? "0" : text);
    if (matcher.matches()) {
      long unit =
          switch (matcher.group(2)) {
            case "KiB" -> 1L << 10;
            case "MiB" -> 1L << 20;
            case "GiB" -> 1L << 30;
            case "kB" -> 1_000;
            case "MB" -> 1_000_000;
            case "GB" -> 1_000_000_000;
            default -> 1;
          };
      long number = Long.parseLong(matcher.group(1));
      if (number <= Long.MAX_VALUE / 8 / unit) {
        long rate = number * unit;
        if (rate == 0 || rate >= SLOWEST) {
          return rate;
        }
      }
    }
    throw new Fault(
        TransportCode.BAD_CONFIG,
        "a rate is bytes a second such as 200000, 64KiB or 5MB/s, at least 1KiB, or 0 for no"
            + " limit, not '"
            + Wording.printable(text)
            + "'");
  }

  /**
   * A limit of one protocol.
   *
   * @param path its name without version
   */
  record Rule(String path, long in, long out) {
    static Rule parse(String text) {
      var matcher = RULE.matcher(text.strip());
      require(
          matcher.matches() && (matcher.group(2) != null || matcher.group(3) != null),
          "protocol_bandwidth",
          "is a list of rules such as \"/cis/sys/blobs in=10MiB out=5MiB\", not '"
              + Wording.printable(text)
              + "'");
      return new Rule(
          ProtocolId.pathOf(matcher.group(1)),
          matcher.group(2) == null ? 0 : parseRate(matcher.group(2)),
          matcher.group(3) == null ? 0 : parseRate(matcher.group(3)));
    }
  }
}

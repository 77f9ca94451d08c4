package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where a node may be reached: a host (IP literal or DNS name) and a UDP port. IPv6 literals are
 * kept without brackets and written with them.
 *
 * @param host at most 253 characters
 * @param port 1 to 65535
 */
public record Address(String host, int port) {
  /** Longest text form in bytes. */
  public static final int MAX_TEXT = 262;

  /** Port of a node that was not told otherwise. */
  public static final int DEFAULT_PORT = 7677;

  /** Checks the parts. */
  public Address {
    if (host.isEmpty() || host.length() > 253 || !host.matches("[A-Za-z0-9:.%_-]+")) {
      throw bad(host);
    }
    if (port < 1 || port > 65535) {
      throw new Fault(
          TransportCode.BAD_ADDRESS, "port " + port + " of " + host + " is not in 1 to 65535");
    }
  }

  /** Reads {@code host:port}, {@code [ipv6]:port}, or a host alone with the default port. */
  public static Address parse(String text) {
    int colon = text.lastIndexOf(':');
    boolean bracketed = text.startsWith("[");
    int close = text.indexOf(']');
    if (bracketed && close < 0) {
      throw bad(text);
    }
    String host;
    String port;
    if (bracketed) {
      host = text.substring(1, close);
      port = close + 1 < text.length() ? text.substring(close + 1) : "";
      if (!port.isEmpty() && !port.startsWith(":")) {
        throw bad(text);
      }
      port = port.isEmpty() ? "" : port.substring(1);
    } else if (colon >= 0 && text.indexOf(':') == colon) {
      host = text.substring(0, colon);
      port = text.substring(colon + 1);
    } else {
      host = text;
      port = "";
    }
    try {
      return new Address(host, port.isEmpty() ? DEFAULT_PORT : Integer.parseInt(port));
    } catch (NumberFormatException e) {
      throw bad(text);
    }
  }

  /** The address of a socket. */
  public static Address of(InetSocketAddress socket) {
    InetAddress ip = socket.getAddress();
    return ip == null
        ? new Address(socket.getHostString(), socket.getPort())
        : of(ip, socket.getPort());
  }

  /**
   * A port of an IP address. The zone (RFC 4007, {@code %eth0}) stays with link-local addresses
   * only: elsewhere it means nothing, least of all to another machine.
   */
  public static Address of(InetAddress ip, int port) {
    var literal = ip.getHostAddress();
    int zone = literal.indexOf('%');
    return new Address(
        zone < 0 || ip.isLinkLocalAddress() ? literal : literal.substring(0, zone), port);
  }

  /**
   * Whether only a machine nearby can mean this address: loopback, link-local, RFC 1918, RFC 6598
   * (shared) or RFC 4193 (unique local). A DNS name is not private.
   */
  public boolean isPrivate() {
    long quad = quad();
    if (quad >= 0) {
      return isPrivate((int) quad);
    }
    var ip = literal();
    return ip != null && isPrivate(ip);
  }

  /** The same of four bytes, without the detour over {@link InetAddress}. */
  private static boolean isPrivate(int ip) {
    int first = ip >>> 24;
    int second = ip >>> 16 & 0xFF;
    return first == 127
        || first == 10
        || (first == 172 && (second & 0xF0) == 16)
        || (first == 192 && second == 168)
        || (first == 169 && second == 254)
        || (first == 100 && (second & 0xC0) == 64);
  }

  static boolean isPrivate(InetAddress ip) {
    byte[] b = ip.getAddress();
    boolean shared = b.length == 4 && (b[0] & 0xFF) == 100 && (b[1] & 0xC0) == 64;
    boolean uniqueLocal = b.length == 16 && (b[0] & 0xFE) == 0xFC;
    return shared
        || uniqueLocal
        || ip.isLoopbackAddress()
        || ip.isLinkLocalAddress()
        || ip.isSiteLocalAddress();
  }

  /**
   * Whether it stands for a peer to whom datagrams find their way below QUIC (100::/64, the block
   * that routers discard, RFC 6666). It means nothing to anybody else and is never written down.
   */
  public boolean isVirtual() {
    if (!host.startsWith("100:")) {
      return false;
    }
    var ip = literal();
    return ip != null && HexFormat.of().formatHex(ip.getAddress()).startsWith("0100000000000000");
  }

  /** Whether only this machine itself can mean it. */
  public boolean isLoopback() {
    var ip = literal();
    return ip != null && ip.isLoopbackAddress();
  }

  /**
   * The network that one operator is likely to own: the /24 of an IPv4 and the /56 of an IPv6
   * address, in hexadecimal; the lower-case name itself for a DNS name.
   */
  public String subnet() {
    long quad = quad();
    if (quad >= 0) {
      return HexFormat.of().toHexDigits(quad >>> 8, 6);
    }
    var ip = literal();
    if (ip == null) {
      return host.toLowerCase(Locale.ROOT);
    }
    byte[] b = ip.getAddress();
    return HexFormat.of().formatHex(b, 0, b.length == 4 ? 3 : 7);
  }

  /** The four bytes of {@code 192.0.2.1} as a number; -1 where the host is not of this form. */
  private long quad() {
    long quad = 0;
    int part = -1;
    int dots = 0;
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (c >= '0' && c <= '9') {
        if (part == 0) {
          return -1; // a leading zero: it depends on the reader what that means
        }
        part = Math.max(part, 0) * 10 + c - '0';
        if (part > 255) {
          return -1;
        }
      } else if (c == '.' && part >= 0 && dots < 3) {
        quad = quad << 8 | part;
        part = -1;
        dots++;
      } else {
        return -1;
      }
    }
    return dots == 3 && part >= 0 ? quad << 8 | part : -1;
  }

  private @Nullable InetAddress literal() {
    try {
      return InetAddress.ofLiteral(host);
    } catch (IllegalArgumentException e) {
      return null; // a DNS name
    }
  }

  private static Fault bad(String text) {
    return new Fault(
        TransportCode.BAD_ADDRESS,
        "'"
            + text.substring(0, Math.min(text.length(), 80)).replaceAll("\\p{Cntrl}", "?")
            + "' is not an address: write host:port or [ipv6]:port");
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}

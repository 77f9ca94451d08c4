package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import java.util.regex.Pattern;

/**
 * The name of what is spoken on a stream: {@code /<org>/<domain>/<feature>/<version>}, for example
 * {@code /cis/sys/gossip/1.0}. Two ids are compatible when they differ only in the minor version.
 *
 * @param path everything before the version, such as {@code /cis/sys/gossip}
 * @param major the major version
 * @param minor the minor version
 */
public record ProtocolId(String path, int major, int minor) {
  /** Longest text form in bytes. */
  public static final int MAX_TEXT = 128;

  private static final Pattern TEXT =
      Pattern.compile(
          "((?:/[a-z0-9][a-z0-9._-]{0,62}){1,6})/v?(\\d{1,4})\\.(\\d{1,4})(?:\\.\\d{1,4})?");

  /** Reads the text form; a leading {@code v} and a patch number are accepted and dropped. */
  public static ProtocolId parse(String text) {
    var matcher = TEXT.matcher(text.length() > MAX_TEXT ? "" : text);
    if (!matcher.matches()) {
      throw new Fault(
          TransportCode.BAD_PROTOCOL_ID,
          "a protocol id is /<org>/<domain>/<feature>/<major>.<minor>, not '"
              + text.substring(0, Math.min(text.length(), 40)).replaceAll("\\p{Cntrl}", "?")
              + "'");
    }
    return new ProtocolId(
        matcher.group(1), Integer.parseInt(matcher.group(2)), Integer.parseInt(matcher.group(3)));
  }

  /**
   * The name without a version, from a text with or without one.
   *
   * @throws Fault {@code transport.bad-protocol-id}
   */
  public static String pathOf(String text) {
    var whole = TEXT.matcher(text.length() > MAX_TEXT ? "" : text);
    return whole.matches() ? whole.group(1) : parse(text + "/1.0").path();
  }

  /** Whether a handler of this protocol can serve a stream opened for the other. */
  public boolean serves(ProtocolId wanted) {
    return path.equals(wanted.path) && major == wanted.major;
  }

  @Override
  public String toString() {
    return path + "/" + major + "." + minor;
  }
}

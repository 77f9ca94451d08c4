package dev.cis.transport;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Kind;
import java.util.regex.Pattern;

/**
 * The code with which a handler of the peer failed. It is the peer's word: the text may be that of
 * a code of ours, but is never equal to it.
 *
 * @param text as the peer sent it
 * @param kind what sort of thing the peer says it is
 */
record PeerCode(String text, Kind kind) implements Code {
  private static final Pattern FORM = Pattern.compile("[a-z0-9-]{1,32}(\\.[a-z0-9-]{1,32})?");
  private static final String UNNAMED = "transport.call-failed";

  PeerCode {
    text = FORM.matcher(text).matches() ? text : UNNAMED;
  }

  @Override
  public String help() {
    return "The peer could not answer; the message is its own.";
  }
}

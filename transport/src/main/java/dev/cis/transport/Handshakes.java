package dev.cis.transport;

/**
 * How connections are secured.
 *
 * @param tlsSessions peers whose TLS sessions are remembered, so that the next connection to them
 *     needs no certificates and no signatures; 0 makes every handshake a full one; default 1,024
 */
public record Handshakes(int tlsSessions) {
  /** The defaults. */
  public static final Handshakes DEFAULT = new Handshakes(1024);

  /** Checks every setting; the message names the key. */
  public Handshakes {
    Rule.check(tlsSessions >= 0 && tlsSessions <= 65_536, "tls_sessions", "is 0 to 65536");
  }
}

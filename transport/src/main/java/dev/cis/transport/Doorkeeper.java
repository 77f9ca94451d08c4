package dev.cis.transport;

import java.net.InetAddress;

/** Who may begin a handshake at once, and who may not. */
public interface Doorkeeper {
  /** Whether somebody at this address must first show that it receives there. */
  boolean mustProve(InetAddress from);

  /** Whether there is so much to refuse that a further handshake is not even answered. */
  boolean isOverrun();
}

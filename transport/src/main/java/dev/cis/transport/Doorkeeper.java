package dev.cis.transport;

import java.net.InetAddress;

/** Who may begin a handshake at once, and who may not. */
public interface Doorkeeper {
  /** Whether somebody at this address must first show that it receives there. */
  boolean mustProve(InetAddress from);

  /**
   * Whether a further handshake from this address is not even answered, since it would be refused
   * and so many were in this second.
   */
  boolean isOverrun(InetAddress from);
}

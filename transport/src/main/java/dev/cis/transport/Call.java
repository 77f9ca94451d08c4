package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import java.time.Duration;

/** A question of a peer, as its handler sees it. */
public interface Call {
  /** Who asks, proved by the handshake. */
  NodeId peer();

  /** The protocol as it is served here: the caller may have asked for another minor version. */
  ProtocolId protocol();

  /** The realm, empty for the open one. */
  String realm();

  /** The question. */
  byte[] request();

  /** How long the caller still waits; zero when it does not any more. */
  Duration left();
}

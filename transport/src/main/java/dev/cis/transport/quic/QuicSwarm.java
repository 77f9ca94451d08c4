package dev.cis.transport.quic;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Admission;
import dev.cis.transport.NetworkSwarm;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;

/** Opens the swarm of a real node. */
public final class QuicSwarm {
  private QuicSwarm() {}

  /**
   * A swarm of the open realm over QUIC, bound and accepting.
   *
   * @throws dev.cis.kernel.fault.Fault {@code transport.port-in-use}, {@code transport.cannot-bind}
   */
  public static Swarm open(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description) {
    return open(key, config, book, description, Admission.OPEN);
  }

  /** The same, admitting whom the last parameter says. */
  public static Swarm open(
      KeyPair key,
      TransportConfig config,
      PeerBook book,
      PeerDescription description,
      Admission admission) {
    return open(key, config, book, description, admission, RawDatagrams.NONE);
  }

  /** The same, handing over the datagrams on the sockets that are not QUIC. */
  public static Swarm open(
      KeyPair key,
      TransportConfig config,
      PeerBook book,
      PeerDescription description,
      Admission admission,
      RawDatagrams raw) {
    return NetworkSwarm.start(
        key, config, book, description, admission, QuicNetwork.bind(key, config, raw));
  }

  /** The same on one of the event loops of this process, which it does not close. */
  public static Swarm open(
      KeyPair key,
      TransportConfig config,
      PeerBook book,
      PeerDescription description,
      Admission admission,
      RawDatagrams raw,
      EventLoops loops) {
    return NetworkSwarm.start(
        key, config, book, description, admission, QuicNetwork.bind(key, config, raw, loops));
  }
}

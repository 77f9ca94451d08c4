package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What makes links: the port between the swarm and the wire. Implemented by {@code transport.quic}
 * and {@code transport.memory}; nothing above the swarm sees it.
 */
public interface Network extends AutoCloseable {
  /** Where other nodes may dial us, concrete addresses only. */
  List<Address> localAddresses();

  /** What the sockets are bound to, wildcards as they are. */
  default List<Address> boundAddresses() {
    return localAddresses();
  }

  /**
   * The addresses of the interfaces that are up, loopback and link-local ones too. That they change
   * is a sign that connections may be dead.
   */
  default Set<InetAddress> interfaceAddresses() {
    return Set.of();
  }

  /**
   * Dials one address and waits for the handshake. The peer's identity is proved to us; whether it
   * accepts ours shows with its first message.
   *
   * @param expected who should be there, or null if we shall take whoever is
   * @throws dev.cis.kernel.fault.Fault {@code transport.dial-timeout}, {@code dial-failed}, {@code
   *     wrong-identity}, {@code wrong-alpn}, {@code no-certificate}
   * @throws InterruptedException when the attempt is given up; nothing is left behind
   */
  Link dial(InetSocketAddress to, @Nullable NodeId expected, Duration within)
      throws InterruptedException;

  /** Hands over the links that others dialled. Called once; the consumer does not block. */
  void accept(Consumer<Link> links);

  /** The limits on what others may use, and how they stand. */
  Quotas quotas();

  /**
   * Records the connections that are dialled to the peer from now on, each in a new file; null
   * stops.
   *
   * @throws dev.cis.kernel.fault.Fault {@code transport.qlog-failed}
   */
  default void qlog(NodeId peer, @Nullable Path directory) {
    throw new Fault(TransportCode.QLOG_FAILED, "this network has no QUIC to record");
  }

  /** Drops whatever links are left and frees the socket. */
  @Override
  void close();
}

package dev.cis.dht;

import dev.cis.dht.proto.DhtMessage;
import dev.cis.transport.Link;
import dev.cis.transport.PeerLink;
import dev.cis.transport.Swarm;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this node answers others. A node that cannot be reached from outside should not stand in
 * their tables; but in a small network everybody is needed. An inbound connection from a public
 * address is proof that we can be reached; one that comes over a relay is none.
 */
final class Serving {
  private static final Logger LOG = LoggerFactory.getLogger(Serving.class);

  private final Swarm swarm;
  private final DhtConfig config;
  private final Calls calls;
  private Swarm.@Nullable Registration registration;
  private boolean reached;
  private boolean closed;

  Serving(Swarm swarm, DhtConfig config, Calls calls) {
    this.swarm = swarm;
    this.config = config;
    this.calls = calls;
  }

  synchronized Routing.Mode mode() {
    return switch (config.mode()) {
      case CLIENT, SERVER, LAN -> config.mode();
      case AUTO -> registration == null ? Routing.Mode.CLIENT : Routing.Mode.SERVER;
    };
  }

  synchronized void connected(PeerLink link) {
    boolean direct = link.path().equals(Link.DIRECT); // else its address is that of the relay
    if (!link.outbound() && direct && !link.remote().isPrivate()) {
      reached = true;
    }
  }

  /** Begins or ends serving, as mode and circumstances want it. */
  synchronized void decide(int tableSize) {
    boolean serve =
        switch (config.mode()) {
          case CLIENT -> false;
          case SERVER, LAN -> true;
          case AUTO -> reached || tableSize < config.smallNetwork() || isPrivateNetwork();
        };
    if (closed || serve == (registration != null)) {
      return;
    }
    if (registration != null) {
      registration.close();
      registration = null;
    } else {
      registration = swarm.serve(DhtMessage.PROTOCOL, calls::serve);
    }
    LOG.info("event=dht-mode mode={} table={}", mode(), tableSize);
  }

  private boolean isPrivateNetwork() {
    return swarm.links().stream().allMatch(link -> link.remote().isPrivate());
  }

  synchronized void close() {
    closed = true;
    if (registration != null) {
      registration.close();
      registration = null;
    }
  }
}

package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Peers with whom a user, here or there, ended the connection on purpose: for a time nothing dials
 * them but a user. Knows 4,096 at most, and forgets the oldest first. Thread-safe.
 */
final class Dismissals {
  private static final int MOST = 4_096;

  private record Rest(Duration until, Set<Address> addresses, String why) {}

  private final Duration howLong;
  private final Supplier<Now> clock;
  private final Map<NodeId, Rest> resting =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<NodeId, Rest> eldest) {
          return size() > MOST;
        }
      };

  Dismissals(Duration howLong, Supplier<Now> clock) {
    this.howLong = howLong;
    this.clock = clock;
  }

  private Duration uptime() {
    return clock.get().uptime();
  }

  /** The peer, which is at these addresses, is left alone from now on. */
  synchronized void begin(NodeId node, Set<Address> addresses, String why) {
    resting.remove(node); // so that it is the newest
    resting.put(node, new Rest(uptime().plus(howLong), Set.copyOf(addresses), why));
  }

  /** Somebody wants a connection with the peer, or there is one. */
  synchronized void end(NodeId node) {
    resting.remove(node);
  }

  /** How the peer is left alone, if it is. */
  synchronized Optional<Swarm.Resting> resting(NodeId node) {
    var rest = resting.get(node);
    var left = left(node);
    return rest == null || left.isZero()
        ? Optional.empty()
        : Optional.of(new Swarm.Resting(left, true, 0, rest.why));
  }

  /** For how long the peer is to be left alone, zero if it is not. */
  synchronized Duration left(NodeId node) {
    var rest = resting.get(node);
    return rest == null ? Duration.ZERO : left(node, rest);
  }

  private Duration left(NodeId node, Rest rest) {
    var left = rest.until.minus(uptime());
    if (left.isPositive()) {
      return left;
    }
    resting.remove(node);
    return Duration.ZERO;
  }

  /**
   * Fails while the peer is to be left alone.
   *
   * @throws Fault {@code transport.backing-off}, saying for how long and why
   */
  synchronized void check(NodeId node) {
    check(node, resting.get(node));
  }

  /** The same for whoever is at an address. */
  synchronized void check(Address address) {
    for (var each : Map.copyOf(resting).entrySet()) {
      if (each.getValue().addresses.contains(address)) {
        check(each.getKey(), each.getValue());
      }
    }
  }

  private void check(NodeId node, @Nullable Rest rest) {
    if (rest == null) {
      return;
    }
    var left = left(node, rest);
    if (left.isPositive()) {
      throw new Fault(
          TransportCode.BACKING_OFF,
          "leaving "
              + node.brief()
              + " alone for "
              + Wording.seconds(left)
              + " more (transport.disconnect_rest): "
              + rest.why);
    }
  }
}

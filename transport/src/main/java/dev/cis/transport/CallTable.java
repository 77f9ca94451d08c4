package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Which calls this node answers, and by whom. Thread-safe. */
final class CallTable {
  // What peers ask for is looked up by its text; a hostile one shall not fill the memory.
  private static final int MOST_WANTED = 256;

  /**
   * Who answers.
   *
   * @param protocol as it is served
   * @param handler who answers
   * @param inline whether it never waits and may answer in turn
   */
  record Served(ProtocolId protocol, CallHandler handler, boolean inline) {}

  private final Map<ProtocolId, Served> served = new ConcurrentHashMap<>();
  private final Map<String, Optional<Served>> wanted = new ConcurrentHashMap<>();

  /** Answers the calls of a protocol until the answer is closed. */
  Swarm.Registration add(Served who) {
    if (served.putIfAbsent(who.protocol(), who) != null) {
      throw new Fault(TransportCode.ALREADY_SERVED, who.protocol() + " is served already");
    }
    wanted.clear();
    return () -> {
      served.remove(who.protocol(), who);
      wanted.clear();
    };
  }

  Stream<ProtocolId> protocols() {
    return served.keySet().stream();
  }

  /** Who answers a call for the protocol: the highest minor version of the same major. */
  Optional<Served> find(String protocol) {
    var known = wanted.get(protocol);
    if (known != null) {
      return known;
    }
    var found = search(protocol);
    if (found.isPresent() && wanted.size() < MOST_WANTED) {
      wanted.put(protocol, found);
      // A handler that came or went meanwhile has found nothing to clear.
      if (!search(protocol).equals(found)) {
        wanted.clear();
      }
    }
    return found;
  }

  private Optional<Served> search(String protocol) {
    ProtocolId id;
    try {
      id = ProtocolId.parse(protocol);
    } catch (Fault e) {
      return Optional.empty();
    }
    return served.values().stream()
        .filter(who -> who.protocol().serves(id))
        .max(Comparator.comparingInt(who -> who.protocol().minor()));
  }
}

package dev.cis.discovery;

import dev.cis.discovery.Discovery.Found;
import dev.cis.discovery.proto.Candidate;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import dev.cis.transport.PeerBook;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was found and what became of it, for people to see. Thread-safe. */
final class Sightings {
  private static final int MAX = 1_024;

  private final Map<Candidate, Found> found = new LinkedHashMap<>();

  synchronized void seen(
      Candidate candidate,
      @Nullable NodeId node,
      String name,
      List<Address> addresses,
      @Nullable Instant when) {
    var before = found.get(candidate);
    if (before == null && found.size() >= MAX) {
      return;
    }
    var failure = before == null ? null : before.failure();
    var source = candidate.source().text();
    found.put(candidate, new Found(node, name, addresses, source, when, failure));
  }

  /** Somebody in the address book. */
  void sight(Candidate candidate, PeerBook.Entry entry) {
    var addresses = entry.addresses().stream().map(PeerBook.Known::address).toList();
    seen(candidate, entry.node(), entry.displayName(), addresses, entry.lastSeen());
  }

  synchronized void reached(Candidate candidate, NodeId node, Instant when) {
    found.computeIfPresent(
        candidate,
        (_, old) -> new Found(node, old.name(), old.addresses(), old.source(), when, null));
  }

  synchronized void failed(Candidate candidate, String why) {
    found.computeIfPresent(
        candidate,
        (_, old) ->
            new Found(old.node(), old.name(), old.addresses(), old.source(), old.seen(), why));
  }

  synchronized boolean knows(Candidate candidate) {
    return found.containsKey(candidate);
  }

  synchronized void gone(Candidate candidate) {
    found.remove(candidate);
  }

  synchronized List<Found> all() {
    return List.copyOf(found.values());
  }
}

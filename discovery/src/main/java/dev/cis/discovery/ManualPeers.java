package dev.cis.discovery;

import dev.cis.discovery.proto.Candidate;
import dev.cis.discovery.proto.Source;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Swarm;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Has the swarm keep the peers that a user added to the address book. Used by one thread. */
final class ManualPeers {
  private final Swarm swarm;
  private final Sightings sightings;
  private final Set<NodeId> kept = new HashSet<>();

  ManualPeers(Swarm swarm, Sightings sightings) {
    this.swarm = swarm;
    this.sightings = sightings;
  }

  /** Looks through the book. */
  void refresh() {
    var manual = new HashSet<NodeId>();
    for (var entry : swarm.book().entries()) {
      if (!entry.manual()) {
        continue;
      }
      manual.add(entry.node());
      sightings.sight(new Candidate(entry.node().toString(), Source.MANUAL), entry);
      if (kept.add(entry.node())) { // once: a user may disconnect it later
        swarm.keep(entry.node());
      }
    }
    for (var node : List.copyOf(kept)) {
      if (!manual.contains(node)) {
        kept.remove(node);
        swarm.release(node);
        sightings.gone(new Candidate(node.toString(), Source.MANUAL));
      }
    }
  }
}

package dev.cis.discovery;

import dev.cis.discovery.proto.SchedulerInput;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerLink;
import dev.cis.transport.Swarm;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Follows the open anchors that we have dialled, and keeps the first few of those in other realms:
 * they are how members find us. Whoever dialled us as an anchor is a guest and no matter of ours.
 */
final class AnchorWatch implements Swarm.PeerListener {
  private static final int MOST_KEPT = 3;
  private static final String TAG = "anchor";

  private final Swarm swarm;
  private final EventLog events;
  private final Consumer<SchedulerInput> told;
  private final Set<NodeId> linked = new LinkedHashSet<>();
  private final Set<NodeId> kept = new LinkedHashSet<>();

  AnchorWatch(Swarm swarm, EventLog events, Consumer<SchedulerInput> told) {
    this.swarm = swarm;
    this.events = events;
    this.told = told;
  }

  Swarm.Registration start() {
    return swarm.in(Admission.ANCHOR_REALM).listen(this);
  }

  @Override
  public synchronized void up(PeerLink link) {
    boolean foreign = !link.realms().contains(swarm.admission().home());
    if (!link.outbound() || !foreign || !linked.add(link.peer())) {
      return;
    }
    if (kept.size() < MOST_KEPT && kept.add(link.peer())) {
      swarm.keep(link.peer(), TAG);
    }
    var _ = events.add("anchor-up", link.peer(), "an open anchor at " + link.remote());
    told.accept(new SchedulerInput.AnchorUp(link.peer()));
  }

  @Override
  public synchronized void down(NodeId node, String reason) {
    if (linked.remove(node)) {
      var _ = events.add("anchor-down", node, reason);
      told.accept(new SchedulerInput.AnchorDown(node, reason));
    }
  }

  synchronized List<NodeId> linked() {
    return List.copyOf(linked);
  }
}

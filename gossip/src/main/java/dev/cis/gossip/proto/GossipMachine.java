package dev.cis.gossip.proto;

import dev.cis.gossip.proto.GossipFrame.Have;
import dev.cis.gossip.proto.GossipFrame.Push;
import dev.cis.gossip.proto.GossipFrame.Want;
import dev.cis.gossip.proto.GossipOutput.Deliver;
import dev.cis.gossip.proto.GossipOutput.Published;
import dev.cis.gossip.proto.GossipOutput.Refused;
import dev.cis.gossip.proto.GossipOutput.Send;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One node of the gossip. See the package for the protocol.
 *
 * <p>A restarted machine has forgotten what it delivered: it gets the rumours of the last two
 * minutes again, except its own, which it passes on but does not deliver.
 */
public final class GossipMachine implements Machine<GossipInput, GossipOutput> {
  /** Rumours up to this size go to all links at once: announcing would cost about as much. */
  private static final int SMALL = 1_024;

  /** But to no more links than this. */
  private static final int MAX_FLOOD = 32;

  private final NodeId self;
  private final RandomGenerator random;
  private final Heard heard;
  private final Missing missing;
  private final Map<NodeId, Neighbour> neighbours = new HashMap<>();
  private final List<Neighbour> order = new ArrayList<>(); // shuffled with each rumour
  private final BitSet slots = new BitSet();
  private final long announceFirst;
  private final long announceLast;
  private int networkSize;
  private long nextAnnounce = Long.MAX_VALUE;
  private long wakeNanos = Long.MAX_VALUE;
  private Duration wakeAt = NEVER;

  /** A node without neighbours that has heard nothing. */
  public GossipMachine(NodeId self, GossipBounds bounds, RandomGenerator random) {
    this.self = self;
    this.random = random;
    this.heard = new Heard(bounds);
    this.missing = new Missing(bounds);
    this.announceFirst = bounds.announceFirst().toNanos();
    this.announceLast = bounds.announceLast().toNanos();
  }

  /** The time to live that reaches a whole network: {@code 2 ceil(log2 N) + 4}, at least 8. */
  public static int defaultTtl(int nodes) {
    return Math.clamp(2L * ceilLog2(nodes) + 4, 8, Rumour.MAX_TTL);
  }

  /** How many links a large rumour is pushed over at once (HyParView's active view). */
  static int eagerLinks(int nodes) {
    return Math.max(5, ceilLog2(nodes) + 1);
  }

  private static int ceilLog2(int nodes) {
    return nodes <= 1 ? 0 : 32 - Integer.numberOfLeadingZeros(nodes - 1);
  }

  /** How many neighbours there are. */
  public int neighbours() {
    return neighbours.size();
  }

  /** How many rumours are remembered against duplicates. */
  public int remembered() {
    return heard.size();
  }

  /** How many rumours are known to be missing. */
  public int missing() {
    return missing.size();
  }

  @Override
  public void on(Now now, GossipInput input, Consumer<GossipOutput> out) {
    long at = now.uptime().toNanos();
    switch (input) {
      case GossipInput.PeerUp(var peer) -> up(at, peer, out);
      case GossipInput.PeerDown(var peer) -> down(peer);
      case GossipInput.NetworkSize(var nodes) -> networkSize = nodes;
      case GossipInput.Publish(var rumour) -> publish(at, rumour, out);
      case GossipInput.Received(var from, var frame) -> {
        switch (frame) {
          case Push push -> pushed(now, at, from, push, out);
          case Have have -> announced(now, at, from, have, out);
          case Want(var ids) -> asked(at, from, ids, out);
        }
      }
    }
  }

  @Override
  public void tick(Now now, Consumer<GossipOutput> out) {
    long at = now.uptime().toNanos();
    heard.expire(at);
    if (nextAnnounce <= at) {
      announce(at, out);
    }
    missing
        .due(at)
        .forEach((whom, ids) -> inFrames(ids, part -> out.accept(new Send(whom, new Want(part)))));
  }

  @Override
  public Duration wakeAt() {
    long next = Math.min(heard.expiresAt(), Math.min(nextAnnounce, missing.nextAsk()));
    if (next != wakeNanos) {
      wakeNanos = next;
      wakeAt = next == Long.MAX_VALUE ? NEVER : Duration.ofNanos(next);
    }
    return wakeAt;
  }

  private void up(long at, NodeId peer, Consumer<GossipOutput> out) {
    if (peer.equals(self) || neighbours.containsKey(peer)) {
      return;
    }
    var neighbour = new Neighbour(peer, slots.nextClearBit(0), at);
    slots.set(neighbour.slot);
    neighbours.put(peer, neighbour);
    order.add(neighbour);
    var ids = new ArrayList<RumourId>();
    for (var entry : heard.fresh()) {
      entry.holders.clear(neighbour.slot); // the slot may have been another's
      schedule(entry, at);
      ids.add(entry.id);
    }
    inFrames(ids, part -> out.accept(new Send(peer, new Have(part, false))));
  }

  private void down(NodeId peer) {
    var neighbour = neighbours.remove(peer);
    if (neighbour != null) {
      slots.clear(neighbour.slot);
      order.remove(neighbour);
      missing.gone(peer);
    }
  }

  private void publish(long at, Rumour rumour, Consumer<GossipOutput> out) {
    if (heard.find(rumour.id()) != null) {
      out.accept(new Published(rumour.id(), 0));
      return;
    }
    var entry = heard.add(rumour, 0, at);
    out.accept(new Deliver(rumour, 0));
    int peers = spread(at, entry, rumour, out);
    out.accept(new Published(rumour.id(), peers));
  }

  private void pushed(Now now, long at, NodeId from, Push push, Consumer<GossipOutput> out) {
    var rumour = push.rumour();
    var sender = neighbours.get(from);
    missing.found(rumour.id());
    var known = heard.find(rumour.id());
    if (known != null) {
      hold(known, sender);
      return;
    }
    var objection = heard.objection(rumour.id(), now.wall());
    if (objection != null) {
      out.accept(new Refused(from, rumour.id(), objection));
      return;
    }
    var entry = heard.add(rumour, push.hops(), at);
    hold(entry, sender);
    if (!rumour.id().author().equals(self)) {
      out.accept(new Deliver(rumour, push.hops()));
    }
    spread(at, entry, rumour, out);
  }

  /** Pushes and announces a new rumour; answers to how many neighbours it was pushed. */
  private int spread(long at, Heard.Entry entry, Rumour rumour, Consumer<GossipOutput> out) {
    schedule(entry, at);
    int most = eagerLinks(Math.max(networkSize, neighbours.size() + 1));
    if (rumour.payload().size() <= SMALL) {
      most = Math.max(most, MAX_FLOOD);
    }
    int links = order.size();
    int share = (int) Math.ceil(rumour.probability() * links);
    int eager = entry.hops >= rumour.ttl() ? 0 : Math.min(most, share);
    var push = eager == 0 ? null : new Push(rumour, entry.hops + 1);
    @Nullable Have have = null;
    int pushes = 0;
    for (int i = 0; i < links; i++) {
      var neighbour = pick(i, links);
      if (entry.holders.get(neighbour.slot)) {
        continue;
      }
      if (push == null) {
        break; // it has come far enough; the first announcement carries it on
      }
      if (pushes < eager) {
        out.accept(new Send(neighbour.id, push));
        pushes++;
      } else if (share == links) {
        // Beyond the eager links. What the probability left out waits as well.
        have = have == null ? new Have(List.of(entry.id), false) : have;
        out.accept(new Send(neighbour.id, have));
      }
    }
    return pushes;
  }

  /** One step of a Fisher-Yates shuffle; needless where every link gets the same. */
  private Neighbour pick(int i, int links) {
    int j = i + random.nextInt(links - i);
    var chosen = order.get(j);
    order.set(j, order.get(i));
    order.set(i, chosen);
    return chosen;
  }

  private void announced(Now now, long at, NodeId from, Have have, Consumer<GossipOutput> out) {
    var sender = neighbours.get(from);
    var known = new ArrayList<RumourId>();
    for (var id : have.ids()) {
      var entry = heard.find(id);
      if (entry != null) {
        hold(entry, sender);
        known.add(id);
      } else if (heard.objection(id, now.wall()) == null) {
        missing.announced(id, from, at);
      } else {
        known.add(id); // not wanted, which is as good
      }
    }
    if (!have.answer() && !known.isEmpty()) {
      out.accept(new Send(from, new Have(known, true)));
    }
  }

  private void asked(long at, NodeId from, List<RumourId> ids, Consumer<GossipOutput> out) {
    var asker = neighbours.get(from);
    for (var id : ids) {
      var entry = heard.find(id);
      var rumour = entry == null ? null : entry.rumour;
      if (entry != null && rumour != null && asker != null && asker.mayAsk(at)) {
        int hops = Math.min(entry.hops + 1, Rumour.MAX_TTL);
        out.accept(new Send(from, new Push(rumour, hops)));
      }
    }
  }

  private static void hold(Heard.Entry entry, @Nullable Neighbour neighbour) {
    if (neighbour != null) {
      entry.holders.set(neighbour.slot);
    }
  }

  private void schedule(Heard.Entry entry, long at) {
    entry.announceAt = at + announceFirst;
    entry.pause = announceFirst;
    nextAnnounce = Math.min(nextAnnounce, entry.announceAt);
  }

  /** Tells every neighbour the ids that it is not known to have. */
  private void announce(long at, Consumer<GossipOutput> out) {
    nextAnnounce = Long.MAX_VALUE;
    var due = new ArrayList<Heard.Entry>();
    for (var entry : heard.fresh()) {
      if (entry.announceAt <= at) {
        due.add(entry);
        entry.announceAt = everyoneHolds(entry) ? Long.MAX_VALUE : at + entry.pause;
        entry.pause = Math.min(entry.pause * 2, announceLast);
      }
      nextAnnounce = Math.min(nextAnnounce, entry.announceAt);
    }
    for (var neighbour : order) {
      var ids = new ArrayList<RumourId>();
      for (var entry : due) {
        if (!entry.holders.get(neighbour.slot)) {
          ids.add(entry.id);
        }
      }
      inFrames(ids, part -> out.accept(new Send(neighbour.id, new Have(part, false))));
    }
  }

  private boolean everyoneHolds(Heard.Entry entry) {
    for (var neighbour : order) {
      if (!entry.holders.get(neighbour.slot)) {
        return false;
      }
    }
    return true;
  }

  private static void inFrames(List<RumourId> ids, Consumer<List<RumourId>> frame) {
    for (int from = 0; from < ids.size(); from += GossipFrame.MAX_IDS) {
      frame.accept(ids.subList(from, Math.min(ids.size(), from + GossipFrame.MAX_IDS)));
    }
  }
}

package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Machine;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * When the table's owner looks around by itself: for neighbours now and then, more often while it
 * knows few; in each bucket where nothing was looked up for long (Kademlia, section 2.3), more
 * often while nodes go.
 */
final class Upkeep {
  /** A lookup that is due. */
  record Chore(Lookup.Kind kind, NodeId target) {}

  private static final int REFRESHES_AT_ONCE = 2;

  /** While everybody answers, buckets are refreshed so many times more seldom. */
  private static final double CALM = 6;

  /** The share of requests without an answer from which on nothing is calm. */
  private static final double TROUBLE = 0.02;

  /** So many requests back the memory of trouble has faded to a third. */
  private static final double MEMORY = 64;

  private final NodeId self;
  private final KademliaConfig config;
  private final RandomGenerator random;
  private final RoutingTable table;
  private final Duration[] lookedUpAt = new Duration[Distance.BITS];
  private final ArrayDeque<Integer> refreshes = new ArrayDeque<>();
  private Duration selfLookupAt = Machine.NEVER;
  private Duration maintainAt = Duration.ZERO;
  private Duration forgetAt = Duration.ZERO;
  private Duration hungerPause;
  private int sizeBefore;
  private int neighbourhood = Distance.BITS;
  private boolean lookingForSelf;
  private boolean refreshAll = true;
  private int refreshing;
  private double trouble = TROUBLE;

  Upkeep(NodeId self, KademliaConfig config, RandomGenerator random, RoutingTable table) {
    this.self = self;
    this.config = config;
    this.random = random;
    this.table = table;
    this.hungerPause = first();
    Arrays.fill(lookedUpAt, Duration.ZERO);
  }

  /** A node is new in the table; {@code asked} when we found it by asking around. */
  void newNode(Duration now, boolean asked) {
    if (table.size() == 1) {
      wantSelfLookup(now);
    } else if (!asked && table.size() <= config.maintainPeers()) {
      lookAroundSoon(now);
    }
  }

  /** A node that was gone is back. */
  void back(Duration now) {
    maintainAt = min(maintainAt, now.plus(jittered(first())));
    lookAroundSoon(now);
  }

  private void lookAroundSoon(Duration now) {
    hungerPause = first();
    wantSelfLookup(now.plus(jittered(first())));
  }

  /** The pause after which a lookup in vain is tried again; doubled each time. */
  private Duration first() {
    return config.hungryEvery().dividedBy(10);
  }

  void wantSelfLookup(Duration at) {
    if (at.compareTo(selfLookupAt) < 0) {
      selfLookupAt = at;
    }
  }

  void bootstrap(Duration now) {
    refreshAll = true;
    wantSelfLookup(now);
  }

  boolean isBootstrapped() {
    return !refreshAll && !lookingForSelf && refreshing == 0 && refreshes.isEmpty();
  }

  /** The next lookup that is due, if any; it counts as running from here on. */
  Optional<Chore> next(Duration now) {
    if (!lookingForSelf && selfLookupAt.compareTo(now) <= 0) {
      lookingForSelf = true;
      selfLookupAt = Machine.NEVER;
      sizeBefore = table.size();
      return Optional.of(new Chore(Lookup.Kind.SELF, self));
    }
    if (refreshing < REFRESHES_AT_ONCE && !refreshes.isEmpty()) {
      refreshing++;
      var target = Distance.random(self, refreshes.remove(), random);
      return Optional.of(new Chore(Lookup.Kind.REFRESH, target));
    }
    return Optional.empty();
  }

  void selfLookupDone(Duration now) {
    lookingForSelf = false;
    neighbourhood = table.neighbourhood();
    if (table.size() > sizeBefore) {
      hungerPause = config.hungryEvery();
    } else {
      // Who has lost everybody goes on trying; who is only in a small network need not.
      var longest = table.size() == 0 ? config.hungryEvery() : config.selfLookupEvery();
      hungerPause = min(hungerPause.multipliedBy(2), longest);
    }
    boolean hungry = table.size() < config.maintainPeers();
    wantSelfLookup(now.plus(jittered(hungry ? hungerPause : config.selfLookupEvery())));
    if (refreshAll && table.size() > 0) {
      refreshAll = false;
      enqueueRefreshes(now, Duration.ZERO);
    }
  }

  void refreshDone() {
    refreshing--;
  }

  void lookedUp(Duration now, NodeId target) {
    lookedUp(now, Math.min(Distance.commonPrefix(self, target), Distance.BITS - 1));
  }

  /** A little sooner or later than it was, so that nodes drift apart. */
  private void lookedUp(Duration now, int bucket) {
    lookedUpAt[bucket] = now.plus(jittered(config.refreshEvery())).minus(config.refreshEvery());
  }

  /** Whether a request of ours was answered: the more are not, the more we look around. */
  void asked(boolean answered) {
    trouble += ((answered ? 0 : 1) - trouble) / MEMORY;
  }

  private Duration refreshPause() {
    double calm = Math.max(0, 1 - trouble / TROUBLE);
    return Duration.ofNanos((long) (config.refreshEvery().toNanos() * (1 + (CALM - 1) * calm)));
  }

  boolean isMaintenanceDue(Duration now) {
    return maintainAt.compareTo(now) <= 0;
  }

  void maintain(Duration now) {
    maintainAt = now.plus(jittered(config.probeEvery().dividedBy(2)));
    if (forgetAt.compareTo(now) <= 0) {
      forgetAt = now.plus(config.forgetAfter().dividedBy(24));
      table.forget(now);
    }
    enqueueRefreshes(now, refreshPause());
  }

  private void enqueueRefreshes(Duration now, Duration olderThan) {
    if (table.size() < config.k()) {
      return; // looking for our neighbours meets everybody
    }
    // Deeper ones are all neighbours of ours, whom we look up anyway.
    int deepest = Math.min(table.deepest(), neighbourhood);
    for (int i = 0; i <= deepest; i++) {
      if (now.minus(lookedUpAt[i]).compareTo(olderThan) >= 0 && !refreshes.contains(i)) {
        lookedUp(now, i);
        refreshes.add(i);
      }
    }
  }

  /** {@code alone} when there is nobody to ask. */
  Duration wakeAt(boolean alone) {
    return min(maintainAt, alone || lookingForSelf ? Machine.NEVER : selfLookupAt);
  }

  /** Three to five quarters of it, so that nodes that started together drift apart. */
  private Duration jittered(Duration time) {
    return Duration.ofNanos((long) (time.toNanos() * (0.75 + random.nextDouble() / 2)));
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}

package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one link to each peer, also when both sides dial at once.
 *
 * <p>A link counts only after greetings went both ways, and no stream is opened before that, so a
 * link that loses has nothing on it to be lost. The rules, where "smaller" compares NodeIds:
 *
 * <ul>
 *   <li>A node greets on a link that it dialled only while it has no link to that peer and no other
 *       greeting of its own under way (a claim).
 *   <li>The larger node accepts a greeting at once. Its answer voids its own claim, by nonce.
 *   <li>The smaller node lets a greeting wait while its own claim is under way. If the claim
 *       succeeds it refuses the other link as a duplicate, else it accepts it.
 *   <li>A greeting whose nonce was voided is a duplicate, even when it comes late. Any other
 *       greeting means that the peer knows of no link: it lost it, or was started anew; so the new
 *       link replaces the old.
 * </ul>
 *
 * So of two crossing links the smaller node's wins if it works, and both agree on it.
 */
final class Peers {
  private static final class Slot {
    final Condition changed;
    @Nullable Live live;
    @Nullable Live claim;
    long nonce;
    long voided;
    int waiting;
    int dialling;
    boolean counts;

    Slot(Condition changed) {
      this.changed = changed;
    }
  }

  /** What the acceptor decided; {@code voids} is the nonce of our claim that must not count. */
  record Verdict(boolean accepted, String refusal, String reason, long voids) {}

  /** A dial that counts as a connection until it is over. */
  interface Reservation extends AutoCloseable {
    @Override
    void close();
  }

  /** Who may take the place of whom when there are as many connections as there may be. */
  interface Precedence {
    boolean isProtected(NodeId node);

    /** The one of these to give up, null if none. */
    @Nullable Live victim(List<Live> all);

    /** Closes a connection that is given up; not called with the lock held. */
    void giveUp(Live victim);
  }

  private final NodeId self;
  private final Gauge count;
  private final Precedence precedence;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<NodeId, Slot> slots = new HashMap<>();
  private final Map<NodeId, String> lastEnd = new HashMap<>();
  private final List<Consumer<NodeId>> watchers = new CopyOnWriteArrayList<>();
  private int anonymousDials;
  private int counted; // slots that count
  private boolean closed;

  /** An empty table for as many links and dials as the count allows. */
  Peers(NodeId self, Gauge count, Precedence precedence) {
    this.self = self;
    this.count = count;
    this.precedence = precedence;
  }

  /**
   * Makes sure that a connection may be added before it is dialled.
   *
   * @param peer who is dialled, null if that will show
   * @throws Fault {@code transport.busy} when there are too many and no one gives way
   */
  Reservation reserve(@Nullable NodeId peer) {
    Live victim = null;
    lock.lock();
    try {
      checkOpen();
      if (!isCounted(peer) && isFull()) {
        victim = victimFor(peer);
        if (victim == null) {
          throw count.fault(peer == null ? "a dial by address" : peer.brief());
        }
      }
      if (peer == null) {
        anonymousDials++;
        recount();
      } else {
        var slot = slot(peer);
        slot.dialling++;
        recount(slot);
      }
    } finally {
      lock.unlock();
    }
    if (victim != null) {
      precedence.giveUp(victim);
    }
    return () -> unreserve(peer);
  }

  private void unreserve(@Nullable NodeId peer) {
    lock.lock();
    try {
      if (peer == null) {
        anonymousDials--;
        recount();
      } else {
        var slot = slot(peer);
        slot.dialling--;
        recount(slot);
        dropIfEmpty(peer, slot);
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isCounted(@Nullable NodeId peer) {
    var slot = peer == null ? null : slots.get(peer);
    return slot != null && (slot.live != null || slot.dialling > 0);
  }

  private int total() {
    return anonymousDials + counted;
  }

  /** This one may count now, or no more. It is kept, since ten thousand are not counted quickly. */
  private void recount(Slot slot) {
    boolean counts = slot.live != null || slot.dialling > 0;
    if (counts != slot.counts) {
      slot.counts = counts;
      counted += counts ? 1 : -1;
    }
    recount();
  }

  private void recount() {
    count.set(total());
  }

  private boolean isFull() {
    return total() >= count.limit();
  }

  /** Takes somebody's link away for a protected peer; null if nobody has to go. */
  private @Nullable Live victimFor(@Nullable NodeId peer) {
    if (peer == null || !precedence.isProtected(peer)) {
      return null;
    }
    var all = new ArrayList<Live>();
    slots
        .values()
        .forEach(slot -> {
          if (slot.live != null) {
            all.add(slot.live);
          }
        });
    var victim = precedence.victim(all);
    if (victim != null) {
      ended(victim, "gave way to a protected peer");
    }
    return victim;
  }

  /** Tells this one, which must not block, of a peer whose link came, went or was replaced. */
  void watch(Consumer<NodeId> watcher) {
    watchers.add(watcher);
  }

  void unwatch(Consumer<NodeId> watcher) {
    watchers.remove(watcher);
  }

  @Nullable Live live(NodeId peer) {
    lock.lock();
    try {
      var slot = slots.get(peer);
      return slot == null ? null : slot.live;
    } finally {
      lock.unlock();
    }
  }

  /** How many peers have a link or are being dialled. */
  int count() {
    lock.lock();
    try {
      return total();
    } finally {
      lock.unlock();
    }
  }

  List<Live> all() {
    lock.lock();
    try {
      var all = new ArrayList<Live>(slots.size());
      for (var slot : slots.values()) {
        if (slot.live != null) {
          all.add(slot.live);
        }
      }
      return all;
    } finally {
      lock.unlock();
    }
  }

  /** Why the last link to the peer ended. */
  String lastEnd(NodeId peer) {
    lock.lock();
    try {
      return lastEnd.getOrDefault(peer, "");
    } finally {
      lock.unlock();
    }
  }

  /** Forgets why the last link to the peer ended. */
  void forgetEnd(NodeId peer) {
    lock.lock();
    try {
      lastEnd.remove(peer);
    } finally {
      lock.unlock();
    }
  }

  /** Does this again and again while the link is the one to its peer and the table is open. */
  void whileCurrent(Live live, Duration every, Runnable what) throws InterruptedException {
    while (!awaitOther(live.peer(), live, every.toNanos())) {
      what.run();
    }
  }

  /**
   * Waits until the link to the peer is another one than the given, which may be null.
   *
   * @return whether that happened in time; true at once when the table is closed, so whoever waits
   *     again and again ends then
   */
  boolean awaitOther(NodeId peer, @Nullable Live than, long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    var slot = enter(peer);
    try {
      long left = nanos;
      while (slot.live == than && !closed) {
        if (left <= 0) {
          return false;
        }
        left = slot.changed.awaitNanos(left);
      }
      return true;
    } finally {
      leave(peer, slot);
      lock.unlock();
    }
  }

  /**
   * Asks to greet on a link that we dialled; waits while another greeting of ours is under way.
   *
   * @return null if we may, else the link that is there already
   */
  @Nullable Live claim(Live mine, long nonce) throws InterruptedException {
    lock.lockInterruptibly();
    var slot = enter(mine.peer());
    try {
      while (slot.live == null && slot.claim != null && !closed) {
        slot.changed.await();
      }
      checkOpen();
      if (slot.live == null) {
        // Whoever dials has reserved its place.
        slot.claim = mine;
        slot.nonce = nonce;
      }
      return slot.live;
    } finally {
      leave(mine.peer(), slot);
      lock.unlock();
    }
  }

  /** The peer has accepted our greeting; {@code voids} names its own attempt, if it made one. */
  void confirm(Live mine, long voids) {
    lock.lock();
    try {
      checkOpen();
      var slot = slot(mine.peer());
      if (slot.claim == mine) {
        slot.claim = null;
      }
      adopt(slot, mine, voids);
    } finally {
      lock.unlock();
    }
  }

  /** Our greeting led to nothing. */
  void abandon(Live mine) {
    lock.lock();
    try {
      var slot = slots.get(mine.peer());
      if (slot != null && slot.claim == mine) {
        slot.claim = null;
        slot.changed.signalAll();
        dropIfEmpty(mine.peer(), slot);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Decides about a link on which the peer greeted. May wait as long as our own claim takes. */
  Verdict admit(Live theirs, long nonce, long nanos) throws InterruptedException {
    Live victim = null;
    lock.lockInterruptibly();
    var peer = theirs.peer();
    var slot = enter(peer);
    try {
      boolean held = false;
      long left = nanos;
      while (self.compareTo(peer) < 0 && slot.claim != null && slot.live == null && left > 0) {
        held = true;
        left = slot.changed.awaitNanos(left);
      }
      checkOpen();
      if (slot.live != null && (held || nonce == slot.voided)) {
        return new Verdict(false, Greeting.DUPLICATE, "another link is there", 0);
      }
      if (!isCounted(peer) && isFull()) {
        victim = victimFor(peer);
        if (victim == null) {
          return new Verdict(
              false, TransportCode.BUSY.text(), count.refuse(theirs.peer().brief()), 0);
        }
      }
      long voids = slot.claim == null ? 0 : slot.nonce;
      adopt(slot, theirs, 0);
      return new Verdict(true, "", "", voids);
    } finally {
      leave(peer, slot);
      lock.unlock();
      if (victim != null) {
        precedence.giveUp(victim);
      }
    }
  }

  /** The link has ended. */
  void ended(Live live, String reason) {
    lock.lock();
    try {
      if (!live.markEnded(reason)) {
        return;
      }
      var slot = slots.get(live.peer());
      if (slot != null && slot.claim == live) {
        slot.claim = null;
        slot.changed.signalAll();
      }
      if (slot != null && slot.live == live) {
        slot.live = null;
        recount(slot);
        changed(live.peer(), slot, reason);
      }
      if (slot != null) {
        dropIfEmpty(live.peer(), slot);
      }
    } finally {
      lock.unlock();
    }
    live.adopted.complete(false);
  }

  /** Lets nothing in any more, and wakes all who wait. */
  void close() {
    lock.lock();
    try {
      closed = true;
      slots.values().forEach(slot -> slot.changed.signalAll());
    } finally {
      lock.unlock();
    }
  }

  private void adopt(Slot slot, Live live, long voided) {
    var before = slot.live;
    if (before == live) {
      return;
    }
    if (live.endReason() != null) {
      throw new Fault(
          TransportCode.CONNECTION_LOST,
          "the connection to " + live.peer().brief() + " ended at once: " + live.endReason());
    }
    slot.live = live;
    slot.voided = voided;
    recount(slot);
    changed(live.peer(), slot, before == null ? null : "replaced by a newer connection");
    live.adopted.complete(true);
    if (before != null) {
      before.link.close(Link.GOODBYE, "replaced by a newer connection");
    }
  }

  private void changed(NodeId peer, Slot slot, @Nullable String end) {
    if (end != null) {
      lastEnd.put(peer, end);
    }
    slot.changed.signalAll();
    watchers.forEach(watcher -> watcher.accept(peer));
  }

  private Slot enter(NodeId peer) {
    var slot = slot(peer);
    slot.waiting++;
    return slot;
  }

  private void leave(NodeId peer, Slot slot) {
    slot.waiting--;
    dropIfEmpty(peer, slot);
  }

  private Slot slot(NodeId peer) {
    return slots.computeIfAbsent(peer, _ -> new Slot(lock.newCondition()));
  }

  private void dropIfEmpty(NodeId peer, Slot slot) {
    if (slot.live == null && slot.claim == null && slot.waiting == 0 && slot.dialling == 0) {
      slots.remove(peer);
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new Fault(TransportCode.CLOSED, "this node is stopping");
    }
  }
}

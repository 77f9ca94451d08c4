package dev.cis.transport.memory;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import dev.cis.transport.EventPipe;
import dev.cis.transport.Link;
import dev.cis.transport.Pipe;
import dev.cis.transport.Quotas;
import dev.cis.transport.TransportCode;
import dev.cis.transport.Turn;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** One side of a link; the other side is its twin. */
final class MemoryLink implements Link {
  private final NodeId peer;
  private final boolean outbound;
  private final Address remote;
  private final int window;
  private final Set<MemoryLink> siblings;
  private final Set<MemoryPipe> pipes = ConcurrentHashMap.newKeySet();
  private final List<EventPipe> early = new ArrayList<>();
  private final MemoryTurn turn = new MemoryTurn();
  private @Nullable MemoryLink twin;
  private @Nullable Attendant attendant;
  private final Quotas.Budget budget;
  private final Runnable left;
  private @Nullable String ended;
  private volatile long peerCloseCode = -1;
  private volatile long closeCode = -1;

  MemoryLink(
      NodeId peer,
      boolean outbound,
      Address remote,
      int window,
      Quotas.Budget budget,
      Set<MemoryLink> siblings,
      Runnable left) {
    this.peer = peer;
    this.outbound = outbound;
    this.remote = remote;
    this.window = window;
    this.budget = budget;
    this.siblings = siblings;
    this.left = left;
  }

  /** Makes the two sides one link. */
  void join(MemoryLink other) {
    twin = other;
    other.twin = this;
    siblings.add(this);
    other.siblings.add(other);
  }

  @Override
  public NodeId peer() {
    return peer;
  }

  @Override
  public boolean outbound() {
    return outbound;
  }

  @Override
  public Address remote() {
    return remote;
  }

  @Override
  public String path() {
    return "direct";
  }

  @Override
  public @Nullable Duration rtt() {
    return null;
  }

  @Override
  public Turn turn() {
    return turn;
  }

  @Override
  public Pipe open() {
    return opened();
  }

  @Override
  public EventPipe openEvents(EventPipe.Receiver receiver) {
    MemoryPipe pipe;
    try {
      pipe = opened();
    } catch (Fault e) {
      pipe = new MemoryPipe(new ByteQueue(0), new ByteQueue(0), peer.brief(), pipes);
      pipe.lose(String.valueOf(e.getMessage()));
    }
    var events = new MemoryEventPipe(turn, pipe);
    events.attend(receiver);
    return events;
  }

  private MemoryPipe opened() {
    var there = Objects.requireNonNull(twin);
    var outgoing = new ByteQueue(there.window);
    var incoming = new ByteQueue(window);
    var ours = new MemoryPipe(outgoing, incoming, peer.brief(), pipes);
    var theirs = new MemoryPipe(incoming, outgoing, there.peer.brief(), there.pipes);
    synchronized (this) {
      if (ended != null) {
        throw new Fault(
            TransportCode.CONNECTION_LOST,
            "the connection to " + peer.brief() + " has ended: " + ended);
      }
      pipes.add(ours);
    }
    there.arrived(theirs);
    return ours;
  }

  private void arrived(MemoryPipe pipe) {
    var events = new MemoryEventPipe(turn, pipe);
    Attendant told;
    synchronized (this) {
      if (ended != null) {
        pipe.lose(ended);
        return;
      }
      pipes.add(pipe);
      told = attendant;
      if (told == null) {
        early.add(events);
        return;
      }
    }
    turn.execute(() -> told.accepted(events));
  }

  @Override
  public void attend(Attendant who) {
    List<EventPipe> before;
    String reason;
    synchronized (this) {
      attendant = who;
      before = List.copyOf(early);
      early.clear();
      reason = ended;
    }
    turn.execute(() -> before.forEach(who::accepted));
    if (reason != null) {
      who.ended(reason);
    }
  }

  @Override
  public long peerCloseCode() {
    return peerCloseCode;
  }

  @Override
  public Quotas.Budget budget() {
    return budget;
  }

  @Override
  public long closeCode() {
    return closeCode;
  }

  @Override
  public void close(long code, String reason) {
    if (peerCloseCode < 0 && closeCode < 0) {
      closeCode = code;
    }
    var there = Objects.requireNonNull(twin);
    if (!hasEnded()) {
      there.peerCloseCode = code; // before anyone over there notices
    }
    if (endHere(reason)) {
      there.endHere(reason);
    }
  }

  private synchronized boolean hasEnded() {
    return ended != null;
  }

  /** Ends both sides. */
  void end(String reason) {
    if (endHere(reason)) {
      Objects.requireNonNull(twin).endHere(reason);
    }
  }

  private boolean endHere(String reason) {
    Attendant told;
    synchronized (this) {
      if (ended != null) {
        return false;
      }
      ended = reason;
      told = attendant;
    }
    siblings.remove(this);
    budget.close();
    left.run();
    pipes.forEach(pipe -> pipe.lose(reason));
    if (told != null) {
      told.ended(reason);
    }
    return true;
  }
}

package dev.cis.sync.proto;

import dev.cis.crdt.VersionVector;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a store equal to the stores of the peers: tells everybody of our own writes, takes what is
 * told, and exchanges with one peer after the other. See the package for the protocol.
 */
public final class SyncMachine implements Machine<SyncInput, SyncOutput> {
  private static final int MAX_KNOWN = 1024;
  private static final Duration CONTACT_SPREAD = Duration.ofMillis(500);
  private static final Duration CONTACT_SECOND = Duration.ofSeconds(3);

  private record Contact(Duration at, NodeId peer) {}

  private record Wish(boolean full, long ticket) {}

  private final NodeId self;
  private final Pace pace;
  private final RandomGenerator random;
  private final EntryStore store;
  private final Intake intake;
  private final List<NodeId> connected = new ArrayList<>();
  private final Map<NodeId, Leading> leading = new HashMap<>();
  private final Map<NodeId, List<Wish>> wishes = new HashMap<>();
  private final SequencedMap<NodeId, Serving> serving = new LinkedHashMap<>();
  private final SequencedMap<NodeId, VersionVector> known = new LinkedHashMap<>();
  private final PriorityQueue<Contact> contacts =
      new PriorityQueue<>(Comparator.comparing(Contact::at).thenComparing(Contact::peer));
  private Duration nextRound;

  /**
   * A machine.
   *
   * @param self which node it is
   * @param realm which realm's memory it keeps, empty for the open one
   * @param pace how often and in what portions
   * @param random for jitter and exchange numbers
   * @param store where the entries are
   * @param signatures verifies entries
   * @param admission decides about verified ones
   */
  public SyncMachine(
      NodeId self,
      String realm,
      Pace pace,
      RandomGenerator random,
      EntryStore store,
      Signatures signatures,
      Admission admission) {
    this.self = self;
    this.pace = pace;
    this.random = random;
    this.store = store;
    this.intake = new Intake(realm, store, signatures, admission);
    this.nextRound = Duration.ZERO;
  }

  /** Entries refused since the start. */
  public long refused() {
    return intake.refused();
  }

  /** At most how many writes that we have seen the peer lacks, as of the last exchange. */
  public long behind(NodeId peer) {
    return store.seen().minus(known.getOrDefault(peer, VersionVector.EMPTY)).size();
  }

  @Override
  public void on(Now now, SyncInput input, Consumer<SyncOutput> out) {
    switch (input) {
      case SyncInput.PeerUp(var peer) -> up(now, peer);
      case SyncInput.PeerDown(var peer) -> down(now, peer, out);
      case SyncInput.Written(var entries) -> out.accept(new SyncOutput.Broadcast(entries));
      case SyncInput.Pushed(var entries) ->
          intake.take(now, entries, VersionVector.EMPTY, false, out);
      case SyncInput.Received(var from, var message) -> received(now, from, message, out);
      case SyncInput.Start(var peer, var full, var ticket) ->
          wish(now, peer, new Wish(full, ticket), out);
      case SyncInput.Broken(var peer, var exchange, var why) -> {
        var lead = leading.get(peer);
        if (lead != null && lead.exchange == exchange) {
          lead.fail(why);
          settle(now, lead, out);
        }
      }
    }
  }

  private void up(Now now, NodeId peer) {
    if (peer.equals(self) || connected.contains(peer)) {
      return;
    }
    connected.add(peer);
    // The lower id begins at once; the other does so only if that did not happen.
    var wait = Duration.ofNanos(random.nextLong(CONTACT_SPREAD.toNanos()));
    var first = self.compareTo(peer) < 0 ? wait : CONTACT_SECOND.plus(wait);
    contacts.add(new Contact(now.uptime().plus(first), peer));
  }

  private void down(Now now, NodeId peer, Consumer<SyncOutput> out) {
    connected.remove(peer);
    contacts.removeIf(contact -> contact.peer.equals(peer));
    // A peer that crashed and came back may have begun anew before we hear that the old link ended.
    var session = serving.get(peer);
    if (session != null && !session.isActive(now, CONTACT_SECOND)) {
      serving.remove(peer);
    }
    var lead = leading.get(peer);
    if (lead != null) {
      lead.fail("the connection was lost");
      settle(now, lead, out);
    }
  }

  private void wish(Now now, NodeId peer, Wish wish, Consumer<SyncOutput> out) {
    if (leading.containsKey(peer)) {
      wishes.computeIfAbsent(peer, p -> new ArrayList<>()).add(wish);
    } else {
      lead(now, peer, wish.full, List.of(wish.ticket), out);
    }
  }

  private void lead(
      Now now, NodeId peer, boolean full, List<Long> tickets, Consumer<SyncOutput> out) {
    var lead = new Leading(peer, random.nextLong(), full, store, intake, pace, now);
    lead.tickets.addAll(tickets);
    leading.put(peer, lead);
    lead.begin(now, out);
  }

  private void received(Now now, NodeId from, SyncMessage message, Consumer<SyncOutput> out) {
    switch (message) {
      case SyncMessage.Answer answer -> {
        var lead = leading.get(from);
        if (lead != null && lead.exchange == answer.exchange()) {
          lead.on(now, answer, out);
          settle(now, lead, out);
        }
      }
      case SyncMessage.Request request -> {
        var answer = answer(now, from, request, out);
        if (answer != null) {
          out.accept(new SyncOutput.Send(from, answer));
        }
      }
    }
  }

  private SyncMessage.@Nullable Answer answer(
      Now now, NodeId from, SyncMessage.Request request, Consumer<SyncOutput> out) {
    var session = serving.get(from);
    if (session == null || session.exchange() != request.exchange()) {
      if (!(request instanceof SyncMessage.Hello hello) || hello.step() != 0) {
        return new SyncMessage.Refused(
            request.exchange(), request.step(), "the exchange is not known here");
      }
      session = new Serving(store, intake, pace, hello, now);
      remember(serving, from, session, pace.sessions());
      remember(known, from, hello.told(), MAX_KNOWN);
    }
    return session.answer(now, request, out);
  }

  private static <V> void remember(SequencedMap<NodeId, V> map, NodeId peer, V value, int limit) {
    map.remove(peer);
    map.putLast(peer, value);
    if (map.size() > limit) {
      map.pollFirstEntry();
    }
  }

  /** Closes an exchange that is over and begins the one that someone waits for. */
  private void settle(Now now, Leading lead, Consumer<SyncOutput> out) {
    if (!lead.isOver()) {
      return;
    }
    leading.remove(lead.peer);
    var told = lead.known();
    if (told != null) {
      remember(known, lead.peer, told, MAX_KNOWN);
    }
    out.accept(lead.finished(now));
    var waiting = wishes.remove(lead.peer);
    if (waiting != null) {
      boolean full = waiting.stream().anyMatch(Wish::full);
      lead(now, lead.peer, full, waiting.stream().map(Wish::ticket).toList(), out);
    }
  }

  @Override
  public void tick(Now now, Consumer<SyncOutput> out) {
    for (var lead : List.copyOf(leading.values())) {
      lead.tick(now, out);
      settle(now, lead, out);
    }
    while (leading.size() < pace.exchanges() && isDue(contacts.peek(), now)) {
      var peer = contacts.remove().peer;
      var session = serving.get(peer);
      boolean served = session != null && session.isActive(now, CONTACT_SECOND);
      if (!leading.containsKey(peer) && !served) {
        lead(now, peer, false, List.of(), out);
      }
    }
    if (nextRound.compareTo(now.uptime()) <= 0) {
      // The first tick only sets the time, so that nodes started together spread out.
      if (!nextRound.isZero()) {
        round(now, out);
      }
      long interval = pace.interval().toNanos();
      nextRound =
          now.uptime().plusNanos(interval / 4 * 3 + random.nextLong(Math.max(1, interval / 2)));
    }
  }

  private static boolean isDue(@Nullable Contact contact, Now now) {
    return contact != null && contact.at.compareTo(now.uptime()) <= 0;
  }

  private void round(Now now, Consumer<SyncOutput> out) {
    if (connected.isEmpty() || leading.size() >= pace.exchanges()) {
      return;
    }
    var peer = connected.get(random.nextInt(connected.size()));
    if (!leading.containsKey(peer)) {
      lead(now, peer, false, List.of(), out);
    }
  }

  @Override
  public Duration wakeAt() {
    var wake = nextRound;
    for (var lead : leading.values()) {
      if (lead.deadline().compareTo(wake) < 0) {
        wake = lead.deadline();
      }
    }
    var contact = contacts.peek();
    if (contact != null && leading.size() < pace.exchanges() && contact.at.compareTo(wake) < 0) {
      wake = contact.at;
    }
    return wake;
  }
}

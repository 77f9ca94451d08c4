package dev.cis.nat.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a relay knows: who has a reservation, which circuits there are, and what each may still
 * carry. It forwards by number and address alone and never looks into what it forwards.
 *
 * <p>Not thread-safe.
 */
public final class RelayTable {
  private static final int REMEMBERED_HOURS = 65_536;
  private static final int REMEMBERED_REALMS = 64;
  private static final Duration NEVER = Duration.ofSeconds(Long.MAX_VALUE);

  /** Why a circuit to a node that is not here is refused. */
  public static final String NO_RESERVATION = "that node has no reservation here";

  private final RelayLimits limits;
  private final LongSupplier random;
  private final Map<NodeId, Reservation> reservations = new HashMap<>();
  private final Map<Long, Circuit> ends = new HashMap<>(); // each circuit twice, by both ids
  private final Map<NodeId, HourlyBytes> hours =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<NodeId, HourlyBytes> eldest) {
          return size() > REMEMBERED_HOURS;
        }
      };
  private final Map<RelayRealm, RealmQuota> quotas = new LinkedHashMap<>();
  private final Count<Bytes> reservedIn = new Count<>();
  private final Count<NodeId> openedBy = new Count<>();
  private final Count<NodeId> leadingTo = new Count<>();
  private final Count<Bytes> openedIn = new Count<>();
  private final ByteRate together;
  private final Tally places = new Tally();
  private final Tally joined = new Tally();
  private Duration firstEnd = NEVER; // no reservation is over before this
  private long forwarded;
  private long dropped;
  private long strays;

  /**
   * An empty table.
   *
   * @param random 64 unpredictable bits at a time, the ids of circuits
   */
  public RelayTable(RelayLimits limits, LongSupplier random) {
    this.limits = limits;
    this.random = random;
    this.together = new ByteRate(limits.totalRate(), limits.totalRate());
  }

  /** Who asks, on whose account, and at which address the relay sees it. */
  public record Party(NodeId node, RelayRealm realm, Endpoint at) {
    private Party movedTo(Endpoint now) {
      return new Party(node, realm, now);
    }
  }

  private record Reservation(Party party, RealmQuota quota, Duration until) {}

  private static final class Circuit {
    final RealmQuota quota;
    final NodeId target;
    final Joined ids;
    final ByteRate rate;
    Party opener;
    Endpoint targetAt;

    Circuit(Party opener, RealmQuota quota, Reservation target, Joined ids, ByteRate rate) {
      this.opener = opener;
      this.quota = quota;
      this.target = target.party.node;
      this.targetAt = target.party.at;
      this.ids = ids;
      this.rate = rate;
    }
  }

  private static final class Count<K> {
    private final Map<K, Integer> counts = new HashMap<>();

    int of(K key) {
      return counts.getOrDefault(key, 0);
    }

    void add(K key) {
      counts.merge(key, 1, Integer::sum);
    }

    void remove(K key) {
      counts.computeIfPresent(key, (_, count) -> count == 1 ? null : count - 1);
    }
  }

  /** The two ends of a new circuit. */
  public record Joined(long opener, long target) {}

  /** A refusal, or what was asked for. */
  public sealed interface Verdict<T> {
    /** What was asked for. */
    record Granted<T>(T value) implements Verdict<T> {}

    /** Why not, for people. */
    record Refused<T>(String reason) implements Verdict<T> {}
  }

  /** Where to send a datagram on, and with which id. */
  public record Forward(Endpoint to, long circuit) {}

  /**
   * Makes or renews a reservation; granted is the time for which it holds. Who has another realm by
   * now needs a place of that one. After a refusal what there was holds until its time is over.
   */
  public Verdict<Duration> reserve(Duration uptime, Party party) {
    expire(uptime);
    var before = reservations.get(party.node);
    var quota = quota(uptime, party.realm);
    var refusal = fullOfReservations(before, party, quota);
    if (refusal != null) {
      places.refuse();
      return new Verdict.Refused<>(refusal);
    }
    release(party.node);
    var reservation = new Reservation(party, quota, uptime.plus(limits.lease()));
    reservations.put(party.node, reservation);
    reservedIn.add(party.at.subnet());
    quota.reservations.add();
    places.add();
    firstEnd = firstEnd.compareTo(reservation.until) < 0 ? firstEnd : reservation.until;
    leadingTo(party.node).forEach(circuit -> circuit.targetAt = party.at);
    return new Verdict.Granted<>(limits.lease());
  }

  /** With thousands of circuits, that none leads there should not take a look at each. */
  private List<Circuit> leadingTo(NodeId node) {
    return leadingTo.of(node) == 0
        ? List.of()
        : ends.values().stream().filter(circuit -> circuit.target.equals(node)).distinct().toList();
  }

  private @Nullable String fullOfReservations(
      @Nullable Reservation before, Party party, RealmQuota quota) {
    if (before == null && places.now() >= limits.maxReservations()) {
      return "this relay has " + limits.maxReservations() + " reservations";
    }
    if ((before == null || !before.party.at.subnet().equals(party.at.subnet()))
        && reservedIn.of(party.at.subnet()) >= limits.maxReservationsPerNetwork()) {
      return "your network has " + limits.maxReservationsPerNetwork() + " reservations here";
    }
    return before != null && before.party.realm.equals(party.realm)
        ? null
        : quota.fullOfReservations();
  }

  private RealmQuota quota(Duration uptime, RelayRealm realm) {
    if (quotas.size() >= REMEMBERED_REALMS) {
      quotas.values().removeIf(quota -> quota.isIdle(uptime));
    }
    return quotas.computeIfAbsent(realm, _ -> new RealmQuota(realm, limits, uptime));
  }

  /**
   * A node has another address now: its reservation, which holds as long as before, and all
   * circuits that end at it follow. Limits on networks do not refuse what is there already.
   */
  public void moved(NodeId node, Endpoint at) {
    var before = reservations.get(node);
    if (before != null) {
      reservedIn.remove(before.party.at.subnet());
      reservedIn.add(at.subnet());
      var party = before.party.movedTo(at);
      reservations.put(node, new Reservation(party, before.quota, before.until));
    }
    if (leadingTo.of(node) == 0 && openedBy.of(node) == 0) {
      return;
    }
    ends.forEach((id, circuit) -> {
      if (circuit.target.equals(node)) {
        circuit.targetAt = at;
      }
      if (circuit.opener.node.equals(node) && id == circuit.ids.opener) {
        openedIn.remove(circuit.opener.at.subnet());
        openedIn.add(at.subnet());
        circuit.opener = circuit.opener.movedTo(at);
      }
    });
  }

  /** Ends a reservation and the circuits that lead to it. */
  public void cancel(NodeId node) {
    release(node);
    leadingTo(node).forEach(this::remove);
  }

  private void release(NodeId node) {
    var before = reservations.remove(node);
    if (before != null) {
      reservedIn.remove(before.party.at.subnet());
      before.quota.reservations.remove();
      places.remove();
    }
  }

  private void expire(Duration uptime) {
    if (uptime.compareTo(firstEnd) < 0) {
      return;
    }
    var over =
        reservations.entrySet().stream()
            .filter(each -> each.getValue().until.compareTo(uptime) <= 0)
            .map(Map.Entry::getKey)
            .toList();
    over.forEach(this::cancel);
    firstEnd =
        reservations.values().stream()
            .map(Reservation::until)
            .min(Comparator.naturalOrder())
            .orElse(NEVER);
  }

  /** Joins a node with one that has a reservation; the opener's realm pays for it. */
  public Verdict<Joined> connect(Duration uptime, Party opener, NodeId target) {
    var reservation = reservations.get(target);
    if (reservation == null || reservation.until.compareTo(uptime) <= 0) {
      joined.refuse();
      return new Verdict.Refused<>(NO_RESERVATION);
    }
    var quota = quota(uptime, opener.realm);
    var refusal = fullOfCircuits(uptime, opener, target, quota);
    if (refusal != null) {
      joined.refuse();
      return new Verdict.Refused<>(refusal);
    }
    var ids = new Joined(freshId(), freshId());
    long perSecond = limits.circuitRate();
    var rate = new ByteRate(perSecond, RelayLimits.burst(perSecond));
    var circuit = new Circuit(opener, quota, reservation, ids, rate);
    ends.put(ids.opener, circuit);
    ends.put(ids.target, circuit);
    openedBy.add(opener.node);
    leadingTo.add(target);
    openedIn.add(opener.at.subnet());
    quota.circuits.add();
    joined.add();
    return new Verdict.Granted<>(ids);
  }

  private @Nullable String fullOfCircuits(
      Duration uptime, Party opener, NodeId target, RealmQuota quota) {
    if (opener.node.equals(target)) {
      return "a circuit joins two nodes";
    }
    if (joined.now() >= limits.maxCircuits()) {
      return "this relay has " + limits.maxCircuits() + " circuits";
    }
    if (openedBy.of(opener.node) >= limits.maxCircuitsPerNode()) {
      return "you have " + limits.maxCircuitsPerNode() + " circuits here";
    }
    if (leadingTo.of(target) >= limits.maxCircuitsPerNode()) {
      return "that node has " + limits.maxCircuitsPerNode() + " circuits here";
    }
    if (openedIn.of(opener.at.subnet()) >= limits.maxCircuitsPerNetwork()) {
      return "your network has " + limits.maxCircuitsPerNetwork() + " circuits here";
    }
    if (!hour(uptime, opener.node).has(uptime, 1)) {
      return "your circuits have carried " + limits.nodeBytesPerHour() + " bytes within the hour";
    }
    return quota.fullOfCircuits(uptime);
  }

  private long freshId() {
    long id;
    do {
      id = random.getAsLong();
    } while (id == 0 || ends.containsKey(id));
    return id;
  }

  /** Ends a circuit by the id of either end. */
  public void disconnect(long id) {
    var circuit = ends.get(id);
    if (circuit != null) {
      remove(circuit);
    }
  }

  private void remove(Circuit circuit) {
    ends.remove(circuit.ids.opener);
    ends.remove(circuit.ids.target);
    openedBy.remove(circuit.opener.node);
    leadingTo.remove(circuit.target);
    openedIn.remove(circuit.opener.at.subnet());
    circuit.quota.circuits.remove();
    joined.remove();
  }

  /**
   * Where a datagram goes; empty if there is no such circuit, it comes from somewhere else than the
   * end of the circuit, or something has carried enough.
   *
   * @param bytes of the whole datagram
   */
  public Optional<Forward> forward(Duration uptime, long id, Endpoint from, int bytes) {
    var circuit = ends.get(id);
    boolean byOpener = circuit != null && id == circuit.ids.opener;
    if (circuit == null || !from.equals(byOpener ? circuit.opener.at : circuit.targetAt)) {
      strays++;
      return Optional.empty();
    }
    var hour = hour(uptime, circuit.opener.node);
    if (!hour.has(uptime, bytes)
        || !circuit.rate.has(uptime, bytes)
        || !circuit.quota.carries(uptime, bytes)
        || !together.has(uptime, bytes)) {
      dropped++;
      return Optional.empty();
    }
    hour.take(bytes);
    circuit.rate.take(bytes);
    circuit.quota.take(bytes);
    together.take(bytes);
    forwarded++;
    return Optional.of(
        byOpener
            ? new Forward(circuit.targetAt, circuit.ids.target)
            : new Forward(circuit.opener.at, circuit.ids.opener));
  }

  private HourlyBytes hour(Duration uptime, NodeId opener) {
    return hours.computeIfAbsent(opener, _ -> new HourlyBytes(limits.nodeBytesPerHour(), uptime));
  }

  /**
   * How much of something there is.
   *
   * @param peak the most there was since the start
   * @param refused how often more was refused, for whatever reason
   */
  public record Use(long now, long peak, long refused) {}

  /**
   * How it stands with one realm. Refusals are those for its own limits.
   *
   * @param hour bytes within the hour; refused are circuits, and datagrams in circuits
   * @param dropped datagrams that were too much for a second
   */
  public record RealmUse(
      RelayRealm realm, Use reservations, Use circuits, Use hour, long dropped) {}

  /**
   * How it stands.
   *
   * @param forwarded datagrams that went on
   * @param dropped datagrams that were too much
   * @param strays datagrams of no circuit, or from the wrong address
   * @param realms those that were seen
   */
  public record Look(
      Use reservations,
      Use circuits,
      long forwarded,
      long dropped,
      long strays,
      List<RealmUse> realms) {}

  /** How it stands now. */
  public Look look(Duration uptime) {
    expire(uptime);
    var realms = quotas.values().stream().map(quota -> quota.look(uptime)).toList();
    return new Look(places.use(), joined.use(), forwarded, dropped, strays, realms);
  }
}

package dev.cis.nat.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * What a relay knows: who has a reservation, which circuits there are, and what each may still
 * carry. It forwards by number and address alone and never looks into what it forwards.
 *
 * <p>Not thread-safe.
 */
public final class RelayTable {
  private static final double NANOS = 1e9;
  private static final Duration HOUR = Duration.ofHours(1);
  private static final int REMEMBERED_HOURS = 65_536;

  /** Why a circuit to a node that is not here is refused. */
  public static final String NO_RESERVATION = "that node has no reservation here";

  private final RelayLimits limits;
  private final LongSupplier random;
  private final Map<NodeId, Reservation> reservations = new HashMap<>();
  private final Map<Long, Circuit> ends = new HashMap<>(); // each circuit twice, by both ids
  private final Map<NodeId, Hour> hours =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<NodeId, Hour> eldest) {
          return size() > REMEMBERED_HOURS;
        }
      };
  private final Count<Bytes> reservedIn = new Count<>();
  private final Count<NodeId> openedBy = new Count<>();
  private final Count<NodeId> leadingTo = new Count<>();
  private final Count<Bytes> openedIn = new Count<>();
  private final Allowance together;
  private final Tally places = new Tally();
  private final Tally joined = new Tally();
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
    this.together = new Allowance(limits.totalBytesPerSecond(), limits.totalBytesPerSecond());
  }

  private record Reservation(Endpoint at, Duration until) {}

  private static final class Circuit {
    final NodeId opener;
    final Endpoint openerAt;
    final long openerId;
    final NodeId target;
    final long targetId;
    final Allowance allowance;
    Endpoint targetAt;

    Circuit(
        NodeId opener,
        Endpoint openerAt,
        Joined ids,
        NodeId target,
        Endpoint targetAt,
        Allowance allowance) {
      this.opener = opener;
      this.openerAt = openerAt;
      this.openerId = ids.opener;
      this.target = target;
      this.targetAt = targetAt;
      this.targetId = ids.target;
      this.allowance = allowance;
    }
  }

  /** What somebody's circuits have carried in the current hour. */
  private static final class Hour {
    Duration since;
    long bytes;

    Hour(Duration since) {
      this.since = since;
    }
  }

  /** Tokens in bytes. */
  private static final class Allowance {
    private final double perSecond;
    private final double most;
    private double tokens;
    private long at = Long.MIN_VALUE;

    Allowance(double perSecond, double most) {
      this.perSecond = perSecond;
      this.most = most;
      this.tokens = most;
    }

    boolean has(Duration uptime, int bytes) {
      long now = uptime.toNanos();
      if (at != Long.MIN_VALUE) {
        tokens = Math.min(most, tokens + (now - at) / NANOS * perSecond);
      }
      at = now;
      return tokens >= bytes;
    }

    void take(int bytes) {
      tokens -= bytes;
    }
  }

  /** What was asked for, since the start. */
  private static final class Tally {
    private int peak;
    private long refused;

    void count(Verdict<?> verdict, int now) {
      peak = Math.max(peak, now);
      refused += verdict instanceof Verdict.Refused ? 1 : 0;
    }

    Use of(int now) {
      return new Use(now, peak, refused);
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

  /** Makes or renews a reservation; granted is the time for which it holds. */
  public Verdict<Duration> reserve(Duration uptime, NodeId node, Endpoint at) {
    expire(uptime);
    var verdict = reservation(uptime, node, at);
    places.count(verdict, reservations.size());
    return verdict;
  }

  private Verdict<Duration> reservation(Duration uptime, NodeId node, Endpoint at) {
    var before = reservations.get(node);
    if (before == null || !before.at.subnet().equals(at.subnet())) {
      if (before == null && reservations.size() >= limits.reservations()) {
        return new Verdict.Refused<>("this relay has " + limits.reservations() + " reservations");
      }
      if (reservedIn.of(at.subnet()) >= limits.reservationsPerNetwork()) {
        return new Verdict.Refused<>(
            "your network has " + limits.reservationsPerNetwork() + " reservations here");
      }
    }
    release(node);
    reservations.put(node, new Reservation(at, uptime.plus(limits.lease())));
    reservedIn.add(at.subnet());
    ends.values().stream()
        .filter(circuit -> circuit.target.equals(node))
        .forEach(circuit -> circuit.targetAt = at);
    return new Verdict.Granted<>(limits.lease());
  }

  /** Ends a reservation and the circuits that lead to it. */
  public void cancel(NodeId node) {
    release(node);
    ends.values().stream()
        .filter(circuit -> circuit.target.equals(node))
        .distinct()
        .toList()
        .forEach(this::remove);
  }

  private void release(NodeId node) {
    var before = reservations.remove(node);
    if (before != null) {
      reservedIn.remove(before.at.subnet());
    }
  }

  private void expire(Duration uptime) {
    var over =
        reservations.entrySet().stream()
            .filter(each -> each.getValue().until.compareTo(uptime) <= 0)
            .map(Map.Entry::getKey)
            .toList();
    over.forEach(this::cancel);
  }

  /** Joins a node with one that has a reservation. */
  public Verdict<Joined> connect(Duration uptime, NodeId opener, Endpoint at, NodeId target) {
    var verdict = circuit(uptime, opener, at, target);
    joined.count(verdict, ends.size() / 2);
    return verdict;
  }

  private Verdict<Joined> circuit(Duration uptime, NodeId opener, Endpoint at, NodeId target) {
    var reservation = reservations.get(target);
    if (reservation == null || reservation.until.compareTo(uptime) <= 0) {
      return new Verdict.Refused<>(NO_RESERVATION);
    }
    if (opener.equals(target)) {
      return new Verdict.Refused<>("a circuit joins two nodes");
    }
    if (ends.size() / 2 >= limits.circuits()) {
      return new Verdict.Refused<>("this relay has " + limits.circuits() + " circuits");
    }
    if (openedBy.of(opener) >= limits.circuitsPerNode()) {
      return new Verdict.Refused<>("you have " + limits.circuitsPerNode() + " circuits here");
    }
    if (leadingTo.of(target) >= limits.circuitsPerNode()) {
      return new Verdict.Refused<>("that node has " + limits.circuitsPerNode() + " circuits here");
    }
    if (openedIn.of(at.subnet()) >= limits.circuitsPerNetwork()) {
      return new Verdict.Refused<>(
          "your network has " + limits.circuitsPerNetwork() + " circuits here");
    }
    if (hour(uptime, opener).bytes >= limits.bytesPerHour()) {
      return new Verdict.Refused<>(
          "your circuits have carried " + limits.bytesPerHour() + " bytes within the hour");
    }
    var ids = new Joined(freshId(), freshId());
    var circuit =
        new Circuit(
            opener,
            at,
            ids,
            target,
            reservation.at,
            new Allowance(limits.bytesPerSecond(), limits.burst()));
    ends.put(ids.opener, circuit);
    ends.put(ids.target, circuit);
    openedBy.add(opener);
    leadingTo.add(target);
    openedIn.add(at.subnet());
    return new Verdict.Granted<>(ids);
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
    ends.remove(circuit.openerId);
    ends.remove(circuit.targetId);
    openedBy.remove(circuit.opener);
    leadingTo.remove(circuit.target);
    openedIn.remove(circuit.openerAt.subnet());
  }

  /**
   * Where a datagram goes; empty if there is no such circuit, it comes from somewhere else than the
   * end of the circuit, or something has carried enough.
   *
   * @param bytes of the whole datagram
   */
  public Optional<Forward> forward(Duration uptime, long id, Endpoint from, int bytes) {
    var circuit = ends.get(id);
    boolean byOpener = circuit != null && id == circuit.openerId;
    if (circuit == null || !from.equals(byOpener ? circuit.openerAt : circuit.targetAt)) {
      strays++;
      return Optional.empty();
    }
    var hour = hour(uptime, circuit.opener);
    if (hour.bytes + bytes > limits.bytesPerHour()
        || !circuit.allowance.has(uptime, bytes)
        || !together.has(uptime, bytes)) {
      dropped++;
      return Optional.empty();
    }
    hour.bytes += bytes;
    circuit.allowance.take(bytes);
    together.take(bytes);
    forwarded++;
    return Optional.of(
        byOpener
            ? new Forward(circuit.targetAt, circuit.targetId)
            : new Forward(circuit.openerAt, circuit.openerId));
  }

  private Hour hour(Duration uptime, NodeId opener) {
    var hour = hours.computeIfAbsent(opener, _ -> new Hour(uptime));
    if (uptime.minus(hour.since).compareTo(HOUR) >= 0) {
      hour.since = uptime;
      hour.bytes = 0;
    }
    return hour;
  }

  /**
   * How much of something there is.
   *
   * @param peak the most there was since the start
   * @param refused how often more was refused, for whatever reason
   */
  public record Use(int now, int peak, long refused) {}

  /**
   * How it stands.
   *
   * @param forwarded datagrams that went on
   * @param dropped datagrams that were too much
   * @param strays datagrams of no circuit, or from the wrong address
   */
  public record Look(Use reservations, Use circuits, long forwarded, long dropped, long strays) {}

  /** How it stands now. */
  public Look look(Duration uptime) {
    expire(uptime);
    return new Look(
        places.of(reservations.size()), joined.of(ends.size() / 2), forwarded, dropped, strays);
  }
}

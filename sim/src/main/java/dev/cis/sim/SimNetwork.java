package dev.cis.sim;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;

/**
 * Carries messages between nodes, badly.
 *
 * @param <A> the address of a node
 * @param <M> a message
 */
public final class SimNetwork<A, M> {
  /**
   * How bad it is.
   *
   * @param latency the least time from sender to receiver
   * @param jitter up to this much more, uniformly; more than the gap between two messages reorders
   *     them
   * @param loss the share of messages lost, 0 to 1
   * @param duplication the share of messages that arrive twice, 0 to 1
   */
  public record Conditions(Duration latency, Duration jitter, double loss, double duplication) {
    /** A LAN on a good day: 1 ms, nothing lost. */
    public static final Conditions PERFECT =
        new Conditions(Duration.ofMillis(1), Duration.ZERO, 0, 0);

    /** Checks the shares. */
    public Conditions {
      if (!(loss >= 0 && loss <= 1 && duplication >= 0 && duplication <= 1)) {
        throw new IllegalArgumentException("loss and duplication are shares from 0 to 1");
      }
    }
  }

  private final Simulation simulation;
  private final RandomGenerator random;
  private final Map<A, BiConsumer<A, M>> receivers = new HashMap<>();
  private final Map<A, Integer> side = new HashMap<>();
  private Conditions conditions;
  private long sent;
  private long lost;
  private long delivered;

  /** A network without nodes. */
  public SimNetwork(Simulation simulation, Conditions conditions) {
    this.simulation = simulation;
    this.conditions = conditions;
    this.random = simulation.newRandom();
  }

  /** Adds a node, or gives it a new receiver, which is called with (sender, message). */
  public void attach(A node, BiConsumer<A, M> receiver) {
    receivers.put(node, receiver);
  }

  /** Takes a node off the network; messages under way to it are lost. */
  public void detach(A node) {
    receivers.remove(node);
  }

  /** The nodes that are attached. */
  public Set<A> nodes() {
    return new HashSet<>(receivers.keySet());
  }

  /** Changes how bad the network is, for messages sent from now on. */
  public void conditions(Conditions next) {
    conditions = next;
  }

  /** Cuts a group off from all others; several calls make several islands. */
  public void partition(Iterable<A> island) {
    int number = side.values().stream().mapToInt(Integer::intValue).max().orElse(0) + 1;
    island.forEach(node -> side.put(node, number));
  }

  /** Undoes all partitions. */
  public void heal() {
    side.clear();
  }

  /** Whether no partition lies between two nodes. */
  public boolean connects(A from, A to) {
    return side.getOrDefault(from, 0).equals(side.getOrDefault(to, 0));
  }

  /** Sends a message, which may arrive late, twice, out of order or not at all. */
  public void send(A from, A to, M message) {
    carry(from, to, message);
    if (random.nextDouble() < conditions.duplication) {
      carry(from, to, message);
    }
  }

  private void carry(A from, A to, M message) {
    sent++;
    if (!connects(from, to) || random.nextDouble() < conditions.loss) {
      lost++;
      return;
    }
    long jitter = conditions.jitter.toNanos();
    var delay = conditions.latency.plusNanos(jitter == 0 ? 0 : random.nextLong(jitter));
    simulation.after(delay, () -> arrive(from, to, message));
  }

  private void arrive(A from, A to, M message) {
    var receiver = receivers.get(to);
    if (receiver == null || !connects(from, to)) {
      lost++;
      return;
    }
    delivered++;
    receiver.accept(from, message);
  }

  /** Messages sent, counting duplicates. */
  public long sent() {
    return sent;
  }

  /** Messages lost to chance, partitions and absent nodes. */
  public long lost() {
    return lost;
  }

  /** Messages that arrived. */
  public long delivered() {
    return delivered;
  }
}

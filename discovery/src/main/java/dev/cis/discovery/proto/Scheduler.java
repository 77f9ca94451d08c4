package dev.cis.discovery.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides whom to dial next.
 *
 * <p>Bootstrap entries are dialled until each was reached once, and whenever there are too few
 * peers; peers on the LAN as they are found, up to a number; remembered ones only when there are
 * too few. A key that several sources know is one candidate, of the best source.
 */
public final class Scheduler implements Machine<SchedulerInput, Dial> {
  private static final class Lead {
    Candidate candidate;
    boolean dialling;
    boolean everReached;
    boolean asked; // by a trigger
    int failures;
    long restUntil;
    final double order; // random among equals

    /** Who answered there last; for a NodeId key, that node. */
    @Nullable NodeId node;

    Lead(Candidate candidate, double order) {
      this.candidate = candidate;
      this.order = order;
      this.node = NodeId.isNodeId(candidate.key()) ? parse(candidate.key()) : null;
    }

    private static @Nullable NodeId parse(String key) {
      try {
        return NodeId.parse(key);
      } catch (Fault e) {
        return null; // 52 characters that end in unused bits
      }
    }
  }

  /** So many of the longest pauses a candidate rests that refused us. */
  private static final int REFUSED_FACTOR = 10;

  private static final Comparator<Lead> BEST =
      Comparator.comparingInt((Lead lead) -> lead.failures)
          .thenComparing(lead -> lead.candidate.source())
          .thenComparingDouble(lead -> lead.order);

  private final SchedulerLimits limits;
  private final RandomGenerator random;
  private final Map<String, Lead> leads = new LinkedHashMap<>();
  private final Set<NodeId> connected = new HashSet<>();
  private int dialling;
  private Duration wakeAt = NEVER;

  /** A scheduler that knows nobody. */
  public Scheduler(SchedulerLimits limits, RandomGenerator random) {
    this.limits = limits;
    this.random = random;
  }

  @Override
  public void on(Now now, SchedulerInput input, Consumer<Dial> out) {
    switch (input) {
      case SchedulerInput.Found(var candidate) -> found(candidate);
      case SchedulerInput.Lost(var candidate) -> lost(candidate);
      case SchedulerInput.Reached(var candidate, var node) -> reached(candidate, node);
      case SchedulerInput.Failed(var candidate) -> failed(now, candidate);
      case SchedulerInput.Refused(var candidate) -> refused(now, candidate);
      case SchedulerInput.Connected(var node) -> connected.add(node);
      case SchedulerInput.Disconnected(var node) -> connected.remove(node);
      case SchedulerInput.Triggered() ->
          leads
              .values()
              .forEach(lead -> {
                lead.asked = !isConnected(lead);
                lead.restUntil = 0;
              });
    }
    schedule(now, out);
  }

  @Override
  public void tick(Now now, Consumer<Dial> out) {
    schedule(now, out);
  }

  @Override
  public Duration wakeAt() {
    return wakeAt;
  }

  private void found(Candidate candidate) {
    var lead = leads.get(candidate.key());
    if (lead == null) {
      makeRoom();
      if (leads.size() < limits.candidates()) {
        leads.put(candidate.key(), new Lead(candidate, random.nextDouble()));
      }
    } else if (candidate.source().compareTo(lead.candidate.source()) < 0) {
      lead.candidate = candidate;
      lead.restUntil = 0; // it is there after all
      lead.failures = 0;
    }
  }

  private void makeRoom() {
    if (leads.size() < limits.candidates()) {
      return;
    }
    leads.values().stream()
        .filter(lead -> !lead.dialling && !isConnected(lead))
        .filter(lead -> lead.candidate.source() != Source.BOOTSTRAP)
        .max(Comparator.comparing((Lead lead) -> !lead.everReached).thenComparing(BEST))
        .ifPresent(lead -> leads.remove(lead.candidate.key()));
  }

  private void lost(Candidate candidate) {
    var lead = leads.get(candidate.key());
    if (lead != null && lead.candidate.source() == candidate.source() && !lead.dialling) {
      leads.remove(candidate.key());
    }
  }

  private void reached(Candidate candidate, NodeId node) {
    connected.add(node);
    var lead = ended(candidate);
    if (lead != null) {
      lead.everReached = true;
      lead.failures = 0;
      lead.node = node;
    }
  }

  private void failed(Now now, Candidate candidate) {
    var lead = ended(candidate);
    if (lead != null) {
      long first = limits.firstPause().toNanos();
      long longest = limits.longestPause().toNanos();
      double pause = Math.min((double) longest, first * Math.pow(2, Math.min(lead.failures, 40)));
      lead.failures++;
      lead.restUntil = now.uptime().toNanos() + (long) (pause * (0.8 + 0.4 * random.nextDouble()));
    }
  }

  /** It will be dialled again, seldom: should it join a realm of ours, it will dial us. */
  private void refused(Now now, Candidate candidate) {
    var lead = ended(candidate);
    if (lead != null) {
      lead.failures++;
      double pause = (double) REFUSED_FACTOR * limits.longestPause().toNanos();
      lead.restUntil = now.uptime().toNanos() + (long) (pause * (0.8 + 0.4 * random.nextDouble()));
    }
  }

  private @Nullable Lead ended(Candidate candidate) {
    var lead = leads.get(candidate.key());
    if (lead == null || !lead.dialling) {
      return null;
    }
    lead.dialling = false;
    lead.asked = false;
    dialling--;
    return lead;
  }

  private boolean isConnected(Lead lead) {
    return lead.node != null && connected.contains(lead.node);
  }

  private boolean wanted(Lead lead) {
    if (lead.dialling || isConnected(lead)) {
      return false;
    }
    int peers = connected.size();
    return lead.asked
        || peers < limits.minPeers()
        || switch (lead.candidate.source()) {
          case MDNS -> peers < limits.lanPeers();
          case BOOTSTRAP -> !lead.everReached;
          case MANUAL, REMEMBERED -> false;
        };
  }

  private void schedule(Now now, Consumer<Dial> out) {
    long at = now.uptime().toNanos();
    while (dialling < limits.parallelDials()) {
      var next =
          leads.values().stream()
              .filter(lead -> lead.restUntil <= at && wanted(lead))
              .min(BEST)
              .orElse(null);
      if (next == null) {
        break;
      }
      next.dialling = true;
      dialling++;
      out.accept(new Dial(next.candidate, next.failures + 1));
    }
    wakeAt =
        leads.values().stream()
            .filter(lead -> lead.restUntil > at && wanted(lead))
            .map(lead -> Duration.ofNanos(lead.restUntil))
            .min(Comparator.naturalOrder())
            .orElse(NEVER);
  }
}

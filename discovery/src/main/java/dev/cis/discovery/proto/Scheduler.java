package dev.cis.discovery.proto;

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
 * Decides whom to dial next, and when to ask for more.
 *
 * <p>Bootstrap entries are dialled until each was reached once, and whenever there are too few
 * peers; peers on the LAN as they are found, up to a number; all others only when there are too
 * few. A key that several sources know is one candidate, of the best source. Anchors that are no
 * members are a way to others and not peers: they do not count.
 */
public final class Scheduler implements Machine<SchedulerInput, SchedulerOutput> {
  /** So many of the longest pauses a candidate rests that refused us. */
  private static final int REFUSED_FACTOR = 10;

  private final SchedulerLimits limits;
  private final RandomGenerator random;
  private final Searches searches;
  private final Map<String, Lead> leads = new LinkedHashMap<>();
  private final Set<NodeId> connected = new HashSet<>();
  private final Set<NodeId> anchors = new HashSet<>();
  private @Nullable String asked;
  private boolean online;
  private int dialling;
  private Duration wakeAt = NEVER;

  /** A scheduler that knows nobody. */
  public Scheduler(SchedulerLimits limits, RandomGenerator random) {
    this.limits = limits;
    this.random = random;
    this.searches = new Searches(limits);
  }

  @Override
  public void on(Now now, SchedulerInput input, Consumer<SchedulerOutput> out) {
    switch (input) {
      case SchedulerInput.Found(var candidate) -> found(candidate);
      case SchedulerInput.Lost(var candidate) -> lost(candidate);
      case SchedulerInput.Reached(var candidate, var node) -> reached(now, candidate, node);
      case SchedulerInput.Failed(var candidate) -> failed(now, candidate);
      case SchedulerInput.Refused(var candidate) -> refused(now, candidate);
      case SchedulerInput.Connected(var node) -> came(connected, node, "peer", out);
      case SchedulerInput.Disconnected(var node, var why) ->
          went(connected, node, "peer", why, out);
      case SchedulerInput.AnchorUp(var node) -> {
        came(anchors, node, "anchor", out);
        searches.hurry(now.uptime().toNanos()); // there is somewhere to ask now
      }
      case SchedulerInput.AnchorDown(var node, var why) -> went(anchors, node, "anchor", why, out);
      case SchedulerInput.NetworkChanged() -> retry(now);
      case SchedulerInput.Triggered(var reason) -> triggered(now, reason);
    }
    schedule(now, out);
  }

  @Override
  public void tick(Now now, Consumer<SchedulerOutput> out) {
    schedule(now, out);
  }

  @Override
  public Duration wakeAt() {
    return wakeAt;
  }

  private void came(Set<NodeId> to, NodeId node, String what, Consumer<SchedulerOutput> out) {
    to.add(node);
    if (!online) {
      online = true;
      out.accept(new SchedulerOutput.Online(true, what + " " + node.brief() + " is connected"));
    }
  }

  private void went(
      Set<NodeId> from, NodeId node, String what, String why, Consumer<SchedulerOutput> out) {
    from.remove(node);
    if (online && connected.isEmpty() && anchors.isEmpty()) {
      online = false;
      out.accept(
          new SchedulerOutput.Online(
              false, what + " " + node.brief() + " was the last and is gone: " + why));
    }
  }

  private void triggered(Now now, String reason) {
    asked = reason;
    leads.values().forEach(lead -> lead.asked = !isConnected(lead));
    retry(now);
  }

  private void retry(Now now) {
    leads.values().forEach(lead -> lead.restUntil = 0);
    searches.hurry(now.uptime().toNanos());
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
        .max(Comparator.comparing((Lead lead) -> !lead.everReached).thenComparing(Lead.BEST))
        .ifPresent(lead -> leads.remove(lead.candidate.key()));
  }

  private void lost(Candidate candidate) {
    var lead = leads.get(candidate.key());
    if (lead != null && lead.candidate.source() == candidate.source() && !lead.dialling) {
      leads.remove(candidate.key());
    }
  }

  /** Whether the connection counts, and in what way, is said by others. Until then it rests. */
  private void reached(Now now, Candidate candidate, NodeId node) {
    var lead = ended(candidate);
    if (lead != null) {
      lead.everReached = true;
      lead.failures = 0;
      lead.node = node;
      lead.restUntil = now.uptime().plus(limits.longestPause()).toNanos();
    }
  }

  private void failed(Now now, Candidate candidate) {
    var lead = ended(candidate);
    if (lead != null) {
      double first = limits.firstPause().toNanos();
      double longest = limits.longestPause().toNanos();
      rest(now, lead, Math.min(longest, first * Math.pow(2, Math.min(lead.failures, 40))));
      lead.failures++;
    }
  }

  /** It will be dialled again, seldom: should it join a realm of ours, it will dial us. */
  private void refused(Now now, Candidate candidate) {
    var lead = ended(candidate);
    if (lead != null) {
      lead.failures++;
      rest(now, lead, (double) REFUSED_FACTOR * limits.longestPause().toNanos());
    }
  }

  private void rest(Now now, Lead lead, double pause) {
    lead.restUntil = now.uptime().toNanos() + (long) (pause * (0.8 + 0.4 * random.nextDouble()));
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
    return lead.node != null && (connected.contains(lead.node) || anchors.contains(lead.node));
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
          case MANUAL, RENDEZVOUS, REMEMBERED -> false;
        };
  }

  private void schedule(Now now, Consumer<SchedulerOutput> out) {
    long at = now.uptime().toNanos();
    while (dialling < limits.parallelDials()) {
      var next =
          leads.values().stream()
              .filter(lead -> lead.restUntil <= at && wanted(lead))
              .min(Lead.BEST)
              .orElse(null);
      if (next == null) {
        break;
      }
      next.dialling = true;
      dialling++;
      out.accept(new SchedulerOutput.Dial(next.candidate, next.failures + 1));
    }
    if (searches.isDue(at, connected.size())) {
      out.accept(new SchedulerOutput.Search(reason()));
      asked = null;
    }
    wakeAt =
        leads.values().stream()
            .filter(lead -> lead.restUntil > at && wanted(lead))
            .map(lead -> Duration.ofNanos(lead.restUntil))
            .min(Comparator.naturalOrder())
            .orElse(NEVER);
    if (searches.next().compareTo(wakeAt) < 0) {
      wakeAt = searches.next();
    }
  }

  private String reason() {
    if (asked != null) {
      return asked;
    }
    return connected.size() < limits.minPeers()
        ? connected.size() + " of " + limits.minPeers() + " peers (discovery.min_peers)"
        : "now and then, with " + connected.size() + " peers";
  }
}

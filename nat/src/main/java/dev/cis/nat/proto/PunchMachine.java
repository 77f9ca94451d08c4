package dev.cis.nat.proto;

import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One side's search for a direct path to one peer, and its care for the path it has found. Both
 * sides probe all candidates of the other at once (RFC 8445 calls them connectivity checks): the
 * first probes open the address translators, later ones pass. A probe from an unknown address makes
 * that a candidate (peer reflexive). A path counts when a probe of ours was answered by it; each
 * side decides for what it sends, so the two need not agree. The quickest path wins, one in the
 * same LAN before others.
 */
public final class PunchMachine implements Machine<PunchInput, PunchOutput> {
  private static final int MAX_CANDIDATES = 32;
  private static final int MAX_PENDING = 512;
  // A path that is not much quicker is not worth a change.
  private static final double WORTH_IT = 0.7;

  private final PunchTimes times;
  private final LongSupplier random;
  private final Map<Endpoint, Candidate> candidates = new LinkedHashMap<>();
  private final Map<Long, Pending> pending =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Pending> eldest) {
          return size() > MAX_PENDING;
        }
      };
  private Duration roundEnds = NEVER;
  private @Nullable Endpoint used;
  private Duration usedRtt = Duration.ZERO;
  private Duration nextCheck = NEVER;
  private int unanswered;

  /**
   * Nothing to do yet.
   *
   * @param random 64 unpredictable bits at a time, the transactions
   */
  public PunchMachine(PunchTimes times, LongSupplier random) {
    this.times = times;
    this.random = random;
  }

  private record Pending(Endpoint to, Duration at) {}

  private static final class Candidate {
    final Duration since;
    int probes;

    Candidate(Duration since) {
      this.since = since;
    }
  }

  @Override
  public void on(Now now, PunchInput input, Consumer<PunchOutput> out) {
    var uptime = now.uptime();
    switch (input) {
      case PunchInput.Round(var offered) -> {
        if (roundEnds.equals(NEVER)) {
          candidates.clear();
        } // else the peer's probes were here before its offer, and say where it can be found
        offered.stream()
            .limit(PunchMessage.MAX_CANDIDATES)
            .forEach(each -> candidates.putIfAbsent(each, new Candidate(uptime)));
        roundEnds = uptime.plus(times.patience());
      }
      case PunchInput.Doubted _ -> {
        if (used != null && unanswered == 0) {
          nextCheck = uptime;
        }
      }
      case PunchInput.Asked(var from, var transaction) -> {
        out.accept(new PunchOutput.Admit(from));
        out.accept(new PunchOutput.Answer(from, transaction));
        if (used == null && roundEnds.equals(NEVER)) {
          // The peer lost the path and looks for one; or our round began before its.
          roundEnds = uptime.plus(times.patience());
        }
        if (!roundEnds.equals(NEVER) && candidates.size() < MAX_CANDIDATES) {
          candidates.putIfAbsent(from, new Candidate(uptime));
        }
      }
      case PunchInput.Answered(var from, var transaction) -> {
        var asked = pending.remove(transaction);
        // From where it was not asked: a translator in between that we cannot send to.
        if (asked != null && asked.to.equals(from)) {
          answered(uptime, from, uptime.minus(asked.at), out);
        }
      }
    }
    tick(now, out);
  }

  private void answered(Duration uptime, Endpoint from, Duration rtt, Consumer<PunchOutput> out) {
    if (from.equals(used)) {
      usedRtt = rtt;
      unanswered = 0;
      nextCheck = uptime.plus(times.keepAlive());
      return;
    }
    if (used == null || isBetter(from, rtt)) {
      out.accept(new PunchOutput.Admit(from));
      out.accept(new PunchOutput.Use(from, rtt));
      used = from;
      usedRtt = rtt;
      unanswered = 0;
      nextCheck = uptime.plus(times.keepAlive());
    }
  }

  private boolean isBetter(Endpoint other, Duration rtt) {
    var current = used;
    if (current != null && current.isPrivate() != other.isPrivate()) {
      return other.isPrivate();
    }
    return rtt.toNanos() < WORTH_IT * usedRtt.toNanos();
  }

  @Override
  public void tick(Now now, Consumer<PunchOutput> out) {
    var uptime = now.uptime();
    check(uptime, out);
    if (roundEnds.equals(NEVER)) {
      return;
    }
    for (var each : new ArrayList<>(candidates.entrySet())) {
      var candidate = each.getValue();
      while (candidate.probes < times.probes().size()
          && due(candidate).compareTo(uptime) <= 0
          && !each.getKey().equals(used)) {
        // Those that were missed while nobody ticked are sent as one.
        do {
          candidate.probes++;
        } while (candidate.probes < times.probes().size() && due(candidate).compareTo(uptime) <= 0);
        ask(uptime, each.getKey(), out);
      }
    }
    if (uptime.compareTo(roundEnds) >= 0) {
      roundEnds = NEVER;
      if (used == null) {
        out.accept(new PunchOutput.Failed(List.copyOf(candidates.keySet())));
      }
    }
  }

  private Duration due(Candidate candidate) {
    return candidate.since.plus(times.probes().get(candidate.probes));
  }

  private void ask(Duration uptime, Endpoint to, Consumer<PunchOutput> out) {
    long transaction = random.getAsLong();
    pending.put(transaction, new Pending(to, uptime));
    out.accept(new PunchOutput.Ask(to, transaction));
  }

  private void check(Duration uptime, Consumer<PunchOutput> out) {
    var path = used;
    if (path == null || nextCheck.compareTo(uptime) > 0) {
      return;
    }
    if (unanswered >= times.missed()) {
      used = null;
      nextCheck = NEVER;
      unanswered = 0;
      out.accept(new PunchOutput.Lost(path));
      return;
    }
    unanswered++;
    ask(uptime, path, out);
    nextCheck = uptime.plus(times.repeat());
  }

  @Override
  public Duration wakeAt() {
    var wake = nextCheck;
    if (roundEnds.equals(NEVER)) {
      return wake;
    }
    if (roundEnds.compareTo(wake) < 0) {
      wake = roundEnds;
    }
    for (var each : candidates.entrySet()) {
      var candidate = each.getValue();
      if (candidate.probes < times.probes().size()
          && !each.getKey().equals(used)
          && due(candidate).compareTo(wake) < 0) {
        wake = due(candidate);
      }
    }
    return wake;
  }

  /** The direct path in use, null while there is none. */
  public @Nullable Endpoint used() {
    return used;
  }

  /** How often each candidate was probed in this round. */
  public Map<Endpoint, Integer> probes() {
    var all = new HashMap<Endpoint, Integer>();
    candidates.forEach((endpoint, candidate) -> all.put(endpoint, candidate.probes));
    return all;
  }

  /** The candidates of this round. */
  public List<Endpoint> candidates() {
    return List.copyOf(candidates.keySet());
  }
}

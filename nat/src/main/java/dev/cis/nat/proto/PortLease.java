package dev.cis.nat.proto;

import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.nat.proto.LeaseInput.Again;
import dev.cis.nat.proto.LeaseInput.Granted;
import dev.cis.nat.proto.LeaseInput.Kept;
import dev.cis.nat.proto.LeaseInput.Missing;
import dev.cis.nat.proto.LeaseInput.Refused;
import dev.cis.nat.proto.LeaseInput.Stop;
import dev.cis.nat.proto.LeaseOutput.Ask;
import dev.cis.nat.proto.LeaseOutput.Changed;
import dev.cis.nat.proto.LeaseOutput.Check;
import dev.cis.nat.proto.LeaseOutput.Release;
import dev.cis.nat.proto.LeaseOutput.Restarted;
import dev.cis.nat.proto.LeaseOutput.Standing;
import dev.cis.nat.proto.LeaseOutput.State;
import dev.cis.transport.Address;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The life of the mapping of one UDP port at one router: protocols race for it ({@link LeaseRace}),
 * the first that succeeds keeps it alive, and when the router forgets it the race begins anew.
 *
 * <p>Many routers serve all protocols from one table. So a grant to a loser at the same external
 * port is the winner's own mapping, and is given back only at the end; one at another port is given
 * back at once, and the winner's is asked for again, because a router may have dropped both.
 */
public final class PortLease implements Machine<LeaseInput, LeaseOutput> {
  private static final int MOST_SILENCES = 3;
  private static final Duration MOST_RESTART_DELAY = Duration.ofSeconds(5);
  private static final Duration SHORTEST = Duration.ofSeconds(2);

  private final int internalPort;
  private final LeaseTimes times;
  private final RandomGenerator random;
  private final LeaseRace race;
  private final Epoch epoch = new Epoch();
  private final Map<MappingProtocol, Integer> losers = new EnumMap<>(MappingProtocol.class);

  private State state = State.SEARCHING;
  private int wantedPort;
  private Duration retryPause;
  private Duration retryAt = Duration.ZERO;
  private String reason = "";
  private @Nullable Standing told;

  private @Nullable MappingProtocol holder;
  private @Nullable Address external;
  private Duration expiresAt = Duration.ZERO;
  private Duration renewAt = Duration.ZERO;
  private Duration checkAt = Duration.ZERO;
  private Duration answerDue = NEVER;
  private int silences;

  /** A mapping that is wanted from the first tick on, at the same external port if possible. */
  public PortLease(int internalPort, LeaseTimes times, RandomGenerator random) {
    this.internalPort = internalPort;
    this.times = times;
    this.random = random;
    this.race = new LeaseRace(times);
    this.wantedPort = internalPort;
    this.retryPause = times.retryFirst();
  }

  @Override
  public void on(Now now, LeaseInput input, Consumer<LeaseOutput> out) {
    var uptime = now.uptime();
    switch (input) {
      case Granted g -> granted(uptime, g, out);
      case Refused r -> refused(uptime, r, out);
      case Kept k -> {
        if (isHolder(k.by())) {
          answered();
          moved(k.external(), out);
        }
      }
      case Missing m -> {
        if (isHolder(m.by())) {
          answered();
          ask(uptime, out);
        }
      }
      case Again _ -> again(uptime, out);
      case Stop _ -> stop(out);
    }
  }

  private void granted(Duration uptime, Granted g, Consumer<LeaseOutput> out) {
    if (state == State.STOPPED) {
      out.accept(new Release(g.by(), g.external().port()));
    } else if (state != State.MAPPED) {
      hold(uptime, g, out);
    } else if (isHolder(g.by())) {
      boolean restarted = g.epoch() != LeaseInput.NO_EPOCH && epoch.restarted(uptime, g.epoch());
      answered();
      extend(uptime, g.life());
      moved(g.external(), out);
      if (restarted) {
        out.accept(new Restarted(g.by()));
        // RFC 6887 section 8.5: not all clients of a router at the same moment.
        renewAt = uptime.plusMillis(random.nextLong(MOST_RESTART_DELAY.toMillis()));
      }
    } else if (external != null && external.port() == g.external().port()) {
      losers.put(g.by(), g.external().port());
    } else {
      out.accept(new Release(g.by(), g.external().port()));
      renewAt = uptime.plus(SHORTEST);
    }
  }

  private void hold(Duration uptime, Granted g, Consumer<LeaseOutput> out) {
    state = State.MAPPED;
    holder = g.by();
    external = g.external();
    wantedPort = g.external().port();
    retryPause = times.retryFirst();
    reason = "";
    race.end();
    epoch.forget();
    if (g.epoch() != LeaseInput.NO_EPOCH) {
      var _ = epoch.restarted(uptime, g.epoch());
    }
    answered();
    extend(uptime, g.life());
    tell(out);
  }

  private void extend(Duration uptime, Duration life) {
    expiresAt = uptime.plus(life);
    renewAt = uptime.plus(longer(life.dividedBy(2), SHORTEST));
    checkAt = uptime.plus(times.checkEvery());
  }

  private void moved(Address now, Consumer<LeaseOutput> out) {
    external = now;
    wantedPort = now.port();
    tell(out);
  }

  private void answered() {
    answerDue = NEVER;
    silences = 0;
  }

  private void refused(Duration uptime, Refused r, Consumer<LeaseOutput> out) {
    if (state == State.SEARCHING) {
      if (race.refused(r)) {
        wantedPort = random.nextInt(1024, 65_536);
        race.ask(uptime, r.by(), new Ask(r.by(), wantedPort, times.lease()), out);
      }
      advance(uptime, out);
    } else if (isHolder(r.by())) {
      answerDue = NEVER;
      silences++;
      if (r.why() == LeaseInput.Refusal.SILENT && silences < MOST_SILENCES) {
        checkAt = uptime.plus(times.checkSoon());
        renewAt = longer(renewAt, checkAt);
      } else {
        lost(uptime, r, out);
      }
    }
  }

  private void lost(Duration uptime, Refused why, Consumer<LeaseOutput> out) {
    if (why.why() == LeaseInput.Refusal.TAKEN) {
      wantedPort = random.nextInt(1024, 65_536);
    }
    reason = why.reason();
    search(uptime, out);
  }

  private void again(Duration uptime, Consumer<LeaseOutput> out) {
    if (state == State.NONE) {
      retryPause = times.retryFirst();
      search(uptime, out);
    } else if (state == State.MAPPED && answerDue.equals(NEVER)) {
      ask(uptime, out);
    }
  }

  private void search(Duration uptime, Consumer<LeaseOutput> out) {
    state = State.SEARCHING;
    holder = null;
    external = null;
    losers.clear();
    answered();
    race.start(uptime);
    tell(out);
    advance(uptime, out);
  }

  private void advance(Duration uptime, Consumer<LeaseOutput> out) {
    race.advance(uptime, by -> new Ask(by, wantedPort, times.lease()), out);
    if (race.isOver(uptime)) {
      reason = race.reason();
      race.end();
      state = State.NONE;
      wantedPort = internalPort;
      retryAt = uptime.plus(retryPause);
      var doubled = retryPause.multipliedBy(2);
      retryPause = doubled.compareTo(times.retryLast()) < 0 ? doubled : times.retryLast();
      tell(out);
    }
  }

  private void ask(Duration uptime, Consumer<LeaseOutput> out) {
    if (holder != null) {
      answerDue = uptime.plus(times.patience());
      out.accept(new Ask(holder, wantedPort, times.lease()));
    }
  }

  private void stop(Consumer<LeaseOutput> out) {
    if (state == State.STOPPED) {
      return;
    }
    if (holder != null && external != null) {
      out.accept(new Release(holder, external.port()));
    }
    losers.forEach((by, port) -> out.accept(new Release(by, port)));
    losers.clear();
    race.end();
    state = State.STOPPED;
    holder = null;
    external = null;
    tell(out);
  }

  @Override
  public void tick(Now now, Consumer<LeaseOutput> out) {
    var uptime = now.uptime();
    switch (state) {
      case SEARCHING -> {
        if (race.isIdle()) {
          race.start(uptime);
        }
        advance(uptime, out);
      }
      case NONE -> {
        if (uptime.compareTo(retryAt) >= 0) {
          search(uptime, out);
        }
      }
      case MAPPED -> keep(uptime, out);
      case STOPPED -> {}
    }
  }

  private void keep(Duration uptime, Consumer<LeaseOutput> out) {
    if (uptime.compareTo(expiresAt) >= 0 && answerDue.equals(NEVER)) {
      reason = "the lease is over and the router does not answer";
      search(uptime, out);
    } else if (uptime.compareTo(answerDue) >= 0 && holder != null) {
      refused(
          uptime, new Refused(holder, LeaseInput.Refusal.SILENT, "the router is silent", ""), out);
    } else if (answerDue.equals(NEVER) && uptime.compareTo(renewAt) >= 0) {
      ask(uptime, out);
    } else if (answerDue.equals(NEVER) && uptime.compareTo(checkAt) >= 0 && holder != null) {
      answerDue = uptime.plus(times.patience());
      checkAt = uptime.plus(times.checkEvery());
      out.accept(new Check(holder, wantedPort, times.lease()));
    }
  }

  @Override
  public Duration wakeAt() {
    return switch (state) {
      case SEARCHING -> race.isIdle() ? Duration.ZERO : race.wakeAt();
      case NONE -> retryAt;
      case MAPPED ->
          answerDue.equals(NEVER) ? sooner(expiresAt, sooner(renewAt, checkAt)) : answerDue;
      case STOPPED -> NEVER;
    };
  }

  private boolean isHolder(MappingProtocol by) {
    return state == State.MAPPED && by == holder;
  }

  private void tell(Consumer<LeaseOutput> out) {
    var standing =
        new Standing(
            state, holder, external, state == State.MAPPED ? expiresAt : Duration.ZERO, reason);
    if (!standing.equals(told)) {
      told = standing;
      out.accept(new Changed(standing));
    }
  }

  private static Duration sooner(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static Duration longer(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }
}

package dev.cis.nat.proto;

import dev.cis.nat.proto.LeaseInput.Refusal;
import dev.cis.nat.proto.LeaseInput.Refused;
import dev.cis.nat.proto.LeaseOutput.Ask;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a mapping by all protocols: each has a small head start over the next, and a
 * refusal starts the next at once, as RFC 8305 does it with addresses.
 */
final class LeaseRace {
  private static final int MOST_PORTS = 8;

  private final LeaseTimes times;
  private final Deque<MappingProtocol> waiting = new ArrayDeque<>();
  private final Map<MappingProtocol, Duration> asked = new EnumMap<>(MappingProtocol.class);
  private @Nullable Refused best;
  private Duration nextAt = Duration.ZERO;
  private int ports;
  private boolean idle = true;

  LeaseRace(LeaseTimes times) {
    this.times = times;
  }

  boolean isIdle() {
    return idle;
  }

  void start(Duration uptime) {
    end();
    idle = false;
    waiting.addAll(List.of(MappingProtocol.values()));
    nextAt = uptime;
    best = null;
    ports = 1;
  }

  void end() {
    idle = true;
    waiting.clear();
    asked.clear();
  }

  void ask(Duration uptime, MappingProtocol by, Ask ask, Consumer<LeaseOutput> out) {
    asked.put(by, uptime.plus(times.patience()));
    out.accept(ask);
  }

  /** Asks whom it is time to ask. */
  void advance(Duration uptime, Function<MappingProtocol, Ask> how, Consumer<LeaseOutput> out) {
    asked.values().removeIf(due -> uptime.compareTo(due) >= 0);
    while (!waiting.isEmpty() && (asked.isEmpty() || uptime.compareTo(nextAt) >= 0)) {
      var by = waiting.remove();
      ask(uptime, by, how.apply(by), out);
      nextAt = uptime.plus(times.stagger());
    }
  }

  /** True if this protocol is to be asked for another port. */
  boolean refused(Refused r) {
    if (asked.remove(r.by()) == null) {
      return false;
    }
    if (best == null || says(r) > says(best)) {
      best = r;
    }
    return r.why() == Refusal.TAKEN && ports++ < MOST_PORTS;
  }

  /** How much an operator learns from it. */
  private static int says(Refused r) {
    return (r.why() == Refusal.SILENT ? 0 : 1) + (r.outside().isEmpty() ? 0 : 2);
  }

  boolean isOver(Duration uptime) {
    return waiting.isEmpty() && asked.values().stream().allMatch(due -> uptime.compareTo(due) >= 0);
  }

  String reason() {
    return best == null ? "no router answers" : best.reason();
  }

  Duration wakeAt() {
    var soonest = waiting.isEmpty() ? null : nextAt;
    for (var due : asked.values()) {
      soonest = soonest == null || due.compareTo(soonest) < 0 ? due : soonest;
    }
    return soonest == null ? Duration.ZERO : soonest;
  }
}

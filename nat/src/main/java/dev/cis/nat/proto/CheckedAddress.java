package dev.cis.nat.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.nat.proto.AddressState.Origin;
import dev.cis.nat.proto.AddressState.State;
import dev.cis.nat.proto.ReachInput.Answered;
import dev.cis.nat.proto.ReachInput.Outcome;
import dev.cis.transport.Address;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the questions about one address have shown. A datagram that came is proof, so the first one
 * is enough where nothing is known; one that did not come may have been lost, so it takes several
 * in a row to say that. What is known changes only by several answers in a row.
 */
final class CheckedAddress {
  private final Address address;
  private final ReachTimes times;

  SortedSet<Origin> origins = new TreeSet<>();
  Set<String> seenBy = Set.of();

  /** Anchors that see us on this host, and may be asked. */
  Set<NodeId> witnesses = Set.of();

  private State state = State.UNKNOWN;
  private @Nullable Instant since;
  private int reached;
  private int silent;
  private final Set<NodeId> agreed = new LinkedHashSet<>();
  private final Set<NodeId> elsewhere = new LinkedHashSet<>();
  private Duration forgiveAt = Machine.NEVER;
  private String trouble = "";
  private Duration pause;
  private Duration nextAt;
  private Duration answerDue = Machine.NEVER;
  private Duration heardAt;

  CheckedAddress(Address address, ReachTimes times, Duration uptime) {
    this.address = address;
    this.times = times;
    this.pause = times.first();
    this.nextAt = uptime;
    this.heardAt = uptime;
  }

  Address address() {
    return address;
  }

  /** Anchors of which an answer about this very address can be expected. */
  Set<NodeId> askable() {
    var set = new LinkedHashSet<>(witnesses);
    set.removeAll(elsewhere);
    return set;
  }

  /** When it is to be asked next; never while an answer is awaited or nobody can be asked. */
  Duration askAt() {
    boolean idle = answerDue.equals(Machine.NEVER);
    return idle && !address.isPrivate() && !askable().isEmpty() ? nextAt : Machine.NEVER;
  }

  Duration wakeAt() {
    var end = state == State.UNKNOWN ? Machine.NEVER : heardAt.plus(times.stale());
    return java.util.Collections.min(List.of(answerDue, askAt(), forgiveAt, end));
  }

  void asked(Duration uptime) {
    answerDue = uptime.plus(times.patience());
  }

  /** The anchors give no more answers for now. */
  void postponed(Duration until) {
    nextAt = until;
  }

  void again(Duration uptime) {
    elsewhere.clear();
    forgiveAt = Machine.NEVER;
    pause = times.first();
    nextAt = uptime;
  }

  void tick(Duration uptime) {
    if (uptime.compareTo(answerDue) >= 0) {
      unanswered(uptime, "an anchor gave no answer");
    }
    if (uptime.compareTo(forgiveAt) >= 0) {
      elsewhere.clear();
      forgiveAt = Machine.NEVER;
    }
    if (state != State.UNKNOWN && uptime.compareTo(heardAt.plus(times.stale())) >= 0) {
      state = State.UNKNOWN;
      since = null;
      reached = 0;
      silent = 0;
      agreed.clear();
      trouble = "nobody could be asked for " + times.stale().toMinutes() + " min";
    }
  }

  private void unanswered(Duration uptime, String why) {
    answerDue = Machine.NEVER;
    trouble = why;
    nextAt = uptime.plus(times.first());
  }

  void answered(Now now, Answered answer) {
    answerDue = Machine.NEVER;
    var uptime = now.uptime();
    boolean here = answer.seen().equals(address.toString());
    switch (answer.outcome()) {
      case REACHED, SILENT -> {
        if (here) {
          counts(now, answer.anchor(), answer.outcome() == Outcome.REACHED);
        } else {
          // Its datagram went to another address, so it says nothing about this one.
          passOver(answer.anchor(), uptime);
          trouble = "anchors see us at " + answer.seen() + " instead";
        }
      }
      case TOO_OFTEN -> unanswered(uptime, "anchors were asked too often");
      case IMPOSSIBLE -> {
        passOver(answer.anchor(), uptime);
        trouble = "an anchor cannot send there";
      }
      case FAILED -> unanswered(uptime, "an anchor gave no answer");
    }
  }

  /** What it sees or can do may be another thing later. */
  private void passOver(NodeId anchor, Duration uptime) {
    elsewhere.add(anchor);
    forgiveAt = uptime.plus(times.last());
    nextAt = uptime;
  }

  private void counts(Now now, NodeId anchor, boolean came) {
    heardAt = now.uptime();
    trouble = "";
    int before = came ? reached : silent;
    if (before == 0) {
      agreed.clear();
    }
    agreed.add(anchor);
    reached = came ? reached + 1 : 0;
    silent = came ? 0 : silent + 1;
    var shown = came ? State.PUBLIC : State.PRIVATE;
    boolean proof = state == State.UNKNOWN && came;
    if (state == shown) {
      nextAt = heardAt.plus(pause);
      var doubled = pause.multipliedBy(2);
      pause = doubled.compareTo(times.last()) < 0 ? doubled : times.last();
    } else if (proof || before + 1 >= times.agreeing()) {
      state = shown;
      since = now.wall();
      pause = times.first();
      nextAt = heardAt.plus(pause);
    } else {
      nextAt = heardAt.plus(times.soon());
    }
  }

  AddressState look() {
    var shown = address.isPrivate() ? State.PRIVATE : state;
    return new AddressState(
        address, origins, shown, reached, silent, seenBy.size(), since, reason());
  }

  private String reason() {
    if (address.isPrivate()) {
      return origins.contains(Origin.MAPPED)
          ? "the router's outside address is private: another router is before it"
          : "a private address: only machines nearby can mean it";
    }
    var doubt =
        switch (state) {
          case PUBLIC -> silent == 0 ? "" : "; " + times(silent) + " it did not";
          case PRIVATE -> reached == 0 ? "" : "; " + times(reached) + " one did";
          case UNKNOWN -> "";
        };
    return switch (state) {
      case PUBLIC ->
          "a datagram came from a port that we had never sent to"
              + (silent == 0 ? by() : "")
              + doubt;
      case PRIVATE ->
          "no datagram comes from a port that we have not sent to"
              + (reached == 0 ? by() : "")
              + doubt;
      case UNKNOWN -> unknown();
    };
  }

  private String unknown() {
    if (silent > 0) {
      return "no datagram came, " + times(silent) + " so far";
    }
    if (!trouble.isEmpty()) {
      return trouble;
    }
    if (witnesses.isEmpty() && seenBy.size() == 1) {
      return "only peers of one network see us there, and none of them is an anchor";
    }
    return witnesses.isEmpty()
        ? "no connected anchor sees us on this host, so none can tell"
        : "anchors are being asked";
  }

  private String by() {
    return ", "
        + times(reached + silent)
        + ", by "
        + agreed.size()
        + (agreed.size() == 1 ? " anchor" : " anchors");
  }

  private static String times(int n) {
    return n == 1 ? "once" : n + " times";
  }
}

package dev.cis.deploy.proto;

import dev.cis.deploy.proto.AppRecord.Goal;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** One application on its way to what is wanted; a part of {@link ConvergeMachine}. */
final class AppCourse {
  private static final int MAX_UNTRUSTED = 8;
  private static final Duration LONGEST_RETRY = Duration.ofMinutes(1);

  /** What the supervisor does, as far as it told. */
  private enum Run {
    /** After a restart: there may be a process. */
    UNKNOWN,
    IDLE,
    ACTIVE,
    STOPPING,
    /** Given up by the supervisor; no process. */
    FAILED
  }

  private final NodeId self;
  private final String app;
  private final ConvergeMachine.Settings settings;
  private final RandomGenerator random;
  private final Map<PublicKey, ConvergeInput.Ordered> orders = new HashMap<>();
  private final AppReport report;

  private @Nullable AppRecord record;
  private List<String> untrusted = List.of();
  private Run run = Run.IDLE;
  private long generation;
  private boolean restartWanted;
  private boolean deleting;

  private @Nullable Release preparing;
  private int attempts;
  private Duration retryAt = Duration.ZERO;
  private Duration healthyBy = Machine.NEVER;
  private Duration confirmAt = Machine.NEVER;

  AppCourse(NodeId self, String app, ConvergeMachine.Settings settings, RandomGenerator random) {
    this.self = self;
    this.app = app;
    this.settings = settings;
    this.random = random;
    this.report = new AppReport(self, app, settings.stateInterval());
  }

  @Nullable AppRecord record() {
    return record;
  }

  boolean isStranger() {
    return record == null;
  }

  boolean isInstalled() {
    return record != null && record.goal() != Goal.REMOVED;
  }

  void restore(AppRecord known) {
    record = known;
    run = Run.UNKNOWN;
  }

  /** Keeps an order in mind: the newest of each publisher, few of those nobody trusts. */
  void know(ConvergeInput.Ordered input, Set<PublicKey> trusted) {
    var known = orders.get(input.publisher());
    if (known != null && known.order().sequence() >= input.order().sequence()) {
      return;
    }
    if (known == null && !trusted.contains(input.publisher())) {
      long strangers = orders.keySet().stream().filter(key -> !trusted.contains(key)).count();
      if (strangers >= MAX_UNTRUSTED) {
        return;
      }
    }
    orders.put(input.publisher(), input);
  }

  /** Decides which order is in force. */
  void consider(
      Set<PublicKey> trusted,
      Map<String, String> labels,
      boolean room,
      int maxApps,
      Consumer<ConvergeOutput> out) {
    var selected =
        orders.values().stream()
            .filter(known -> known.order().selector().matches(self, labels))
            .toList();
    untrusted =
        selected.stream()
            .map(ConvergeInput.Ordered::publisher)
            .filter(key -> !trusted.contains(key))
            .map(PublicKey::toString)
            .sorted()
            .limit(MAX_UNTRUSTED)
            .toList();
    var best =
        orders.values().stream()
            .filter(known -> trusted.contains(known.publisher()))
            .max(
                Comparator.<ConvergeInput.Ordered>comparingLong(known -> known.order().sequence())
                    .thenComparing(known -> known.publisher().toString()));
    report.refuse(null);
    if (best.isEmpty() || !selected.contains(best.get())) {
      if (record == null && !untrusted.isEmpty()) {
        report.refuse(
            new AppReport.Refusal(
                selected.stream()
                    .max(Comparator.comparingLong(known -> known.order().sequence()))
                    .orElseThrow(),
                Phase.UNTRUSTED,
                "the publisher is not trusted by this node; 'cis keys trust' changes that"));
      }
      return;
    }
    accept(best.get(), room, maxApps, out);
  }

  private void accept(
      ConvergeInput.Ordered best, boolean room, int maxApps, Consumer<ConvergeOutput> out) {
    var order = best.order();
    if (record != null && order.sequence() <= record.sequence()) {
      return; // already in force, or a replay of something older
    }
    boolean removal = order.action() == DeployOrder.Action.REMOVE;
    if (removal && record == null) {
      report.refuse(new AppReport.Refusal(best, Phase.REMOVED, "it was not installed here"));
      return;
    }
    if (!removal && !room) {
      report.refuse(
          new AppReport.Refusal(
              best,
              Phase.REFUSED,
              "this node has as many applications as it may (deploy.max_apps = " + maxApps + ")"));
      return;
    }
    save(AppRecord.accept(order, best.publisher(), record), out);
    attempts = 0;
    retryAt = Duration.ZERO;
    report.forgetProcess();
    if (run == Run.FAILED) {
      run = Run.IDLE;
    } else if (run == Run.ACTIVE) {
      // The same release ordered again: its probation begins anew with the next process.
      restartWanted =
          order.release() != null
              && order.release().equals(recorded().current())
              && !order.release().equals(recorded().good());
    }
  }

  void command(Now now, ConvergeInput.Commanded command, Consumer<ConvergeOutput> out) {
    if (record == null || record.goal() == Goal.REMOVED) {
      var message = "application '" + app + "' is not installed on this node";
      out.accept(new ConvergeOutput.Answer(command.id(), DeployCode.NO_APP, message));
      return;
    }
    if (run == Run.FAILED) {
      run = Run.IDLE;
    }
    var said =
        switch (command.action()) {
          case START -> {
            save(record.withGoal(Goal.RUN, ""), out);
            yield "starting";
          }
          case STOP -> {
            save(record.withGoal(Goal.STOPPED, "stopped by an operator"), out);
            yield "stopping";
          }
          case RESTART -> {
            save(record.withGoal(Goal.RUN, ""), out);
            restartWanted = run == Run.ACTIVE || run == Run.UNKNOWN;
            yield "restarting";
          }
          case REMOVE -> {
            save(record.withGoal(Goal.REMOVED, "removed by an operator"), out);
            yield "removing";
          }
        };
    out.accept(new ConvergeOutput.Answer(command.id(), null, said));
    drive(now, out);
  }

  void fetched(Now now, Release release, long done, Consumer<ConvergeOutput> out) {
    if (release.equals(preparing)) {
      report.fetched(done);
      say(now, out);
    }
  }

  void prepared(Now now, Release release, Consumer<ConvergeOutput> out) {
    if (release.equals(preparing)) {
      preparing = null;
    }
    attempts = 0;
    report.fetched(release.size());
    report.trouble("");
    if (record != null && record.goal() != Goal.REMOVED) {
      save(record.withUnpacked(release), out);
    }
    drive(now, out);
  }

  void notPrepared(Now now, ConvergeInput.NotPrepared failed, Consumer<ConvergeOutput> out) {
    if (!failed.release().equals(preparing) || record == null) {
      return;
    }
    preparing = null;
    if (!failed.release().equals(record.wanted())) {
      drive(now, out);
      return;
    }
    if (failed.forGood()) {
      save(record.withRejected(failed.reason(), true), out);
      // The same bytes may be trusted under a later order; until then they are not asked for.
    } else {
      long base = settings.fetchRetry().toMillis() << Math.min(attempts, 16);
      long wait = Math.min(base, LONGEST_RETRY.toMillis());
      retryAt = now.uptime().plusMillis(wait + random.nextLong(wait / 4 + 1));
      attempts++;
      report.trouble(failed.reason() + "; trying again in " + (wait + 500) / 1000 + " s");
    }
    drive(now, out);
  }

  void process(Now now, long about, ProcessReport said, Consumer<ConvergeOutput> out) {
    if (about != generation || record == null) {
      return; // about a process that was told to stop since
    }
    report.process(said);
    switch (said) {
      case ProcessReport.Started _ -> {}
      case ProcessReport.Healthy() ->
          confirmAt =
              Objects.equals(record.current(), record.good())
                  ? Machine.NEVER
                  : now.uptime().plus(record.strategy().minHealthy());
      case ProcessReport.Unhealthy _, ProcessReport.Restarting _ -> confirmAt = Machine.NEVER;
      case ProcessReport.Ended(var status) -> {
        run = Run.IDLE;
        confirm(out);
        save(recorded().withGoal(Goal.STOPPED, "ended with status " + status), out);
      }
      case ProcessReport.Failed(var reason, _, _) -> {
        run = Run.FAILED;
        rollBack(reason, out);
      }
      case ProcessReport.Stopped() -> {
        run = Run.IDLE;
        restartWanted = false;
      }
    }
    drive(now, out);
  }

  void deleted(Now now, Consumer<ConvergeOutput> out) {
    deleting = false;
    if (record != null && record.goal() == Goal.REMOVED) {
      save(record.emptied(), out);
    } else if (record != null) {
      // Ordered again while it was being deleted: begin from nothing.
      save(record.emptied(), out);
    }
    drive(now, out);
  }

  void tick(Now now, Consumer<ConvergeOutput> out) {
    if (record != null && confirmAt.compareTo(now.uptime()) <= 0) {
      confirm(out);
    }
    if (record != null && healthyBy.compareTo(now.uptime()) <= 0) {
      healthyBy = Machine.NEVER;
      if (!report.isHealthy()) {
        rollBack(
            "not healthy within "
                + record.strategy().healthyDeadline().toSeconds()
                + " s"
                + report.lastTrouble(),
            out);
      }
    }
    drive(now, out);
  }

  Duration wakeAt() {
    var at = report.wakeAt();
    at = min(at, healthyBy);
    at = min(at, confirmAt);
    return wantsPrepare() ? min(at, retryAt) : at;
  }

  /** One step from what is towards what is wanted, then says how it stands. */
  void drive(Now now, Consumer<ConvergeOutput> out) {
    if (record != null && !deleting) {
      if (wantsPrepare() && retryAt.compareTo(now.uptime()) <= 0) {
        preparing = Objects.requireNonNull(record.wanted());
        report.fetched(0);
        out.accept(new ConvergeOutput.Prepare(app, preparing, author()));
      }
      switch (record.goal()) {
        case RUN -> driveToRun(now, out);
        case STOPPED -> {
          if (isRunning()) {
            stop(out);
          }
        }
        case REMOVED -> {
          if (isRunning()) {
            stop(out);
          } else if (run != Run.STOPPING
              && (!record.unpacked().isEmpty() || record.current() != null)) {
            deleting = true;
            out.accept(new ConvergeOutput.Delete(app));
          }
        }
      }
    }
    say(now, out);
  }

  private void driveToRun(Now now, Consumer<ConvergeOutput> out) {
    var wanted = recorded().wanted();
    if (wanted == null || !recorded().unpacked().contains(wanted)) {
      return; // what runs goes on meanwhile
    }
    boolean same = wanted.equals(recorded().current());
    switch (run) {
      case IDLE -> start(now, wanted, out);
      case UNKNOWN -> {
        if (same && !restartWanted) {
          start(now, wanted, out); // adopts it if it is there
        } else {
          stop(out);
        }
      }
      case ACTIVE, FAILED -> {
        if (!same || (restartWanted && run == Run.ACTIVE)) {
          stop(out);
        }
      }
      case STOPPING -> {}
    }
  }

  private void start(Now now, Release release, Consumer<ConvergeOutput> out) {
    save(recorded().withCurrent(release), out);
    run = Run.ACTIVE;
    generation++;
    restartWanted = false;
    confirmAt = Machine.NEVER;
    healthyBy =
        release.equals(recorded().good())
            ? Machine.NEVER
            : now.uptime().plus(recorded().strategy().healthyDeadline());
    report.starting();
    out.accept(new ConvergeOutput.Start(app, release, generation));
  }

  private void stop(Consumer<ConvergeOutput> out) {
    run = Run.STOPPING;
    generation++;
    healthyBy = Machine.NEVER;
    confirmAt = Machine.NEVER;
    out.accept(new ConvergeOutput.Stop(app, generation));
  }

  private void confirm(Consumer<ConvergeOutput> out) {
    confirmAt = Machine.NEVER;
    healthyBy = Machine.NEVER;
    var current = recorded().current();
    if (current == null) {
      return;
    }
    var before = recorded().good();
    var next = recorded().withGood(current);
    var keep = new ArrayList<>(next.unpacked());
    var gone = new ArrayList<Release>();
    for (var release : next.unpacked()) {
      boolean needed =
          release.equals(current) || release.equals(before) || release.equals(next.target());
      if (keep.size() > settings.keepVersions() && !needed) {
        keep.remove(release);
        gone.add(release);
      }
    }
    save(next.withUnpacked(keep), out);
    gone.forEach(release -> out.accept(new ConvergeOutput.Discard(app, release)));
  }

  private void rollBack(String reason, Consumer<ConvergeOutput> out) {
    confirmAt = Machine.NEVER;
    var current = recorded().current();
    var good = recorded().good();
    if (current == null
        || good == null
        || good.equals(current)
        || !recorded().rejected().isEmpty()
        || !recorded().strategy().autoRollback()) {
      report.trouble(reason);
      return;
    }
    var why =
        "version " + current.version() + " failed (" + reason + "), back to " + good.version();
    save(recorded().withRejected(why, false), out);
  }

  private boolean wantsPrepare() {
    if (record == null || preparing != null || record.goal() == Goal.REMOVED || deleting) {
      return false;
    }
    var wanted = record.wanted();
    return wanted != null && !record.unpacked().contains(wanted);
  }

  private boolean isRunning() {
    return run == Run.ACTIVE || run == Run.UNKNOWN || run == Run.FAILED;
  }

  /** The node that wrote the order in force, which has the package. */
  private NodeId author() {
    var order = orders.get(recorded().publisher());
    return order == null ? self : order.author();
  }

  private void save(AppRecord next, Consumer<ConvergeOutput> out) {
    if (!next.equals(record)) {
      record = next;
      out.accept(new ConvergeOutput.Save(next));
    }
  }

  private AppRecord recorded() {
    return Objects.requireNonNull(record);
  }

  private void say(Now now, Consumer<ConvergeOutput> out) {
    boolean busy = preparing != null || (attempts > 0 && wantsPrepare());
    boolean stopping = run == Run.STOPPING;
    report.say(now, record, untrusted, busy, stopping || deleting, run == Run.FAILED, out);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) <= 0 ? a : b;
  }
}

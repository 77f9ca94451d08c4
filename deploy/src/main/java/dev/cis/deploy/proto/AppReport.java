package dev.cis.deploy.proto;

import dev.cis.deploy.proto.AppRecord.Goal;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How one application stands, in the words of {@link AppState}; said when it changes. */
final class AppReport {
  private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(500);

  /** An order that is not accepted, and why. */
  record Refusal(ConvergeInput.Ordered ordered, Phase phase, String reason) {}

  private final NodeId self;
  private final String app;
  private final Duration interval;
  private @Nullable Refusal refusal;
  private long done;
  private String trouble = "";
  private Phase process = Phase.STARTING;
  private String processReason = "";
  private @Nullable Long pid;
  private @Nullable Instant startedAt;
  private int restarts;
  private @Nullable Integer exitStatus;
  private String limits = "";
  private List<String> lastLines = List.of();
  private @Nullable AppState last;
  private Duration lastAt = Duration.ZERO;
  private Duration flushAt = Machine.NEVER;

  AppReport(NodeId self, String app, Duration interval) {
    this.self = self;
    this.app = app;
    this.interval = interval;
  }

  void refuse(@Nullable Refusal next) {
    refusal = next;
  }

  void fetched(long bytes) {
    done = bytes;
  }

  void trouble(String reason) {
    trouble = reason;
  }

  void forgetProcess() {
    trouble = "";
    lastLines = List.of();
  }

  void starting() {
    process = Phase.STARTING;
    processReason = "";
    restarts = 0;
    lastLines = List.of();
  }

  boolean isHealthy() {
    return process == Phase.HEALTHY;
  }

  String lastTrouble() {
    return processReason.isEmpty() ? "" : ": " + processReason;
  }

  void process(ProcessReport said) {
    switch (said) {
      case ProcessReport.Started(var id, var at, var enforced) -> {
        pid = id;
        startedAt = at;
        limits = enforced;
        process = Phase.STARTING;
      }
      case ProcessReport.Healthy() -> {
        process = Phase.HEALTHY;
        processReason = "";
        trouble = "";
      }
      case ProcessReport.Unhealthy(var reason) -> {
        process = Phase.UNHEALTHY;
        processReason = reason;
      }
      case ProcessReport.Restarting(var reason, var count, var status) -> {
        process = Phase.STARTING;
        processReason = reason;
        restarts = count;
        exitStatus = status;
        pid = null;
      }
      case ProcessReport.Ended(var status) -> {
        exitStatus = status;
        pid = null;
      }
      case ProcessReport.Failed(var reason, var status, var lines) -> {
        process = Phase.FAILED;
        processReason = reason;
        exitStatus = status;
        lastLines = lines;
        pid = null;
      }
      case ProcessReport.Stopped() -> {
        pid = null;
        startedAt = null;
        process = Phase.STARTING;
        processReason = "";
      }
    }
  }

  Duration wakeAt() {
    if (last == null) {
      return Machine.NEVER;
    }
    var again = lastAt.plus(interval);
    return flushAt.compareTo(again) < 0 ? flushAt : again;
  }

  void say(
      Now now,
      @Nullable AppRecord record,
      List<String> untrusted,
      boolean busy,
      boolean winding,
      boolean failed,
      Consumer<ConvergeOutput> out) {
    var state = state(now, record, untrusted, busy, winding, failed);
    if (state == null) {
      return;
    }
    var age = now.uptime().minus(lastAt);
    boolean due = last == null || age.compareTo(interval) >= 0;
    boolean changed = last == null || !sameBut(last, state, true);
    boolean progressed = last == null || !sameBut(last, state, false);
    if (due || changed || (progressed && age.compareTo(PROGRESS_INTERVAL) >= 0)) {
      last = state;
      lastAt = now.uptime();
      flushAt = Machine.NEVER;
      out.accept(new ConvergeOutput.Report(state));
    } else if (progressed) {
      flushAt = lastAt.plus(PROGRESS_INTERVAL);
    }
  }

  private static boolean sameBut(AppState a, AppState b, boolean progress) {
    var other =
        new AppState(
            b.node(),
            b.app(),
            b.version(),
            b.digest(),
            b.publisher(),
            b.sequence(),
            b.phase(),
            b.reason(),
            progress ? a.bytesDone() : b.bytesDone(),
            b.bytesTotal(),
            b.pid(),
            b.startedAt(),
            b.restarts(),
            b.exitStatus(),
            b.limits(),
            b.versions(),
            b.packages(),
            b.untrusted(),
            b.lastLines(),
            a.at());
    return a.equals(other);
  }

  private @Nullable AppState state(
      Now now,
      @Nullable AppRecord record,
      List<String> untrusted,
      boolean busy,
      boolean winding,
      boolean failed) {
    if (record == null) {
      return refusal == null ? null : refused(now, refusal, untrusted);
    }
    var phase = phase(record, busy, winding, failed);
    var shown = record.wanted() == null ? record.target() : record.wanted();
    var ordered = record.target();
    return new AppState(
        self,
        app,
        shown == null ? "" : shown.version(),
        shown == null ? "" : shown.digest().toString(),
        record.publisher().toString(),
        record.sequence(),
        phase,
        reason(record, phase),
        done,
        ordered == null ? 0 : ordered.size(),
        pid,
        startedAt,
        restarts,
        exitStatus,
        limits,
        record.unpacked().stream().map(Release::version).toList(),
        record.unpacked().stream().map(release -> release.digest().toString()).toList(),
        untrusted,
        lastLines,
        now.wall());
  }

  private AppState refused(Now now, Refusal refused, List<String> untrusted) {
    var order = refused.ordered().order();
    var release = order.release();
    return new AppState(
        self,
        app,
        release == null ? "" : release.version(),
        release == null ? "" : release.digest().toString(),
        refused.ordered().publisher().toString(),
        order.sequence(),
        refused.phase(),
        refused.reason(),
        0,
        release == null ? 0 : release.size(),
        null,
        null,
        0,
        null,
        "",
        List.of(),
        List.of(),
        untrusted,
        List.of(),
        now.wall());
  }

  private Phase phase(AppRecord record, boolean busy, boolean winding, boolean failed) {
    if (record.goal() == Goal.REMOVED) {
      boolean gone = !winding && record.unpacked().isEmpty() && record.current() == null;
      return gone ? Phase.REMOVED : Phase.WAITING;
    }
    if (record.refused()) {
      return Phase.REFUSED;
    }
    if (busy) {
      return Phase.FETCHING;
    }
    if (record.goal() == Goal.STOPPED) {
      return winding ? Phase.WAITING : Phase.STOPPED;
    }
    if (failed) {
      return Phase.FAILED;
    }
    var wanted = record.wanted();
    if (winding || (wanted != null && !wanted.equals(record.current()))) {
      return Phase.VERIFIED;
    }
    boolean back = !record.rejected().isEmpty() && process == Phase.HEALTHY;
    return back ? Phase.ROLLED_BACK : process;
  }

  private String reason(AppRecord record, Phase phase) {
    if (refusal != null && refusal.phase() != Phase.REMOVED) {
      return refusal.reason();
    }
    return switch (phase) {
      case REFUSED, ROLLED_BACK -> record.rejected();
      case STOPPED, REMOVED -> record.note();
      case HEALTHY -> "";
      case FETCHING, WAITING, VERIFIED -> trouble;
      case STARTING, UNHEALTHY, FAILED, UNTRUSTED ->
          record.rejected().isEmpty() || processReason.isEmpty()
              ? (processReason.isEmpty() ? trouble : processReason)
              : processReason + " (" + record.rejected() + ")";
    };
  }
}

package dev.cis.deploy.run;

import dev.cis.deploy.proto.DeployCode;
import dev.cis.deploy.proto.ProcessReport;
import dev.cis.deploy.proto.RestartPolicy;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Now;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One application on its own thread: adopts, starts, watches, restarts and stops its process. */
final class SupervisedApp implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SupervisedApp.class);
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final int LAST_LINES = 20;

  /** What it is told. */
  sealed interface Order {
    record Start(LaunchSpec spec, long generation) implements Order {}

    record Stop(long generation) implements Order {}
  }

  /** Where its reports go. */
  interface Reports {
    void say(long generation, ProcessReport report);
  }

  private final String app;
  private final AppLogs logs;
  private final Supplier<Now> clock;
  private final RandomGenerator random;
  private final Reports reports;
  private final AppProcess process;
  private final BlockingQueue<Order> inbox = new LinkedBlockingQueue<>(64);
  private final Thread thread;
  private volatile boolean closed;
  private volatile Optional<Supervisor.Ended> ended =
      Optional.of(new Supervisor.Ended(-1, "it does not run"));

  private @Nullable LaunchSpec spec;
  private long generation;
  private @Nullable RestartPolicy policy;
  private @Nullable HealthWatch health;
  private @Nullable Duration restartAt;

  SupervisedApp(
      String app,
      Path home,
      String node,
      AppLogs logs,
      ControlGroups groups,
      Supplier<Now> clock,
      RandomGenerator random,
      Reports reports) {
    this.app = app;
    this.logs = logs;
    this.clock = clock;
    this.random = random;
    this.reports = reports;
    this.process = new AppProcess(app, home, node, logs, groups, clock);
    this.thread = Thread.ofVirtual().name("app-" + app).start(this::run);
  }

  void order(Order order) {
    if (order instanceof Order.Start) {
      ended = Optional.empty();
    }
    if (!inbox.offer(order)) {
      throw new Fault(
          DeployCode.START_FAILED, "too many commands for " + app + " at once; try again");
    }
  }

  Optional<Supervisor.Ended> ended() {
    return ended;
  }

  private void run() {
    while (!closed) {
      try {
        var order = inbox.poll(waitTime().toMillis(), TimeUnit.MILLISECONDS);
        switch (order) {
          case Order.Start(var next, var number) -> start(next, number);
          case Order.Stop(var number) -> stop(number);
          case null -> {}
        }
        step();
      } catch (InterruptedException e) {
        return;
      } catch (IOException | RuntimeException e) {
        LOG.error("event=supervision-failed app={}", app, e);
        fail("supervision failed: " + e.getMessage(), -1);
      }
    }
  }

  /** Nothing to look at while nothing runs. */
  private Duration waitTime() {
    return process.isHeld() || restartAt != null ? LOOK : Duration.ofSeconds(30);
  }

  private void start(LaunchSpec next, long number) throws InterruptedException, IOException {
    spec = next;
    generation = number;
    policy = new RestartPolicy(next.restarts(), random);
    restartAt = null;
    health = null;
    switch (process.takeUp(next)) {
      case RUNNING -> {
        logs.event(stamp("adopted version " + next.version() + ", process " + process.pid()));
        started();
      }
      case ENDED_WELL -> {
        if (next.restart() == LaunchSpec.Restart.ALWAYS) {
          launch();
        } else {
          over(new ProcessReport.Ended(0), 0, "ended with status 0");
        }
      }
      case NOT_RUNNING -> launch();
    }
  }

  private void stop(long number) throws InterruptedException, IOException {
    generation = number;
    restartAt = null;
    health = null;
    var status = process.stop(spec);
    logs.event(stamp("stopped"));
    ended = Optional.of(new Supervisor.Ended(status.orElse(-1), "stopped"));
    reports.say(generation, new ProcessReport.Stopped());
  }

  private void launch() throws InterruptedException, IOException {
    restartAt = null;
    var wanted = Objects.requireNonNull(spec);
    try {
      process.launch(wanted);
    } catch (Fault fault) {
      logs.event(stamp("not started: " + fault.getMessage()));
      process.stop(null);
      again(String.valueOf(fault.getMessage()), 127, Duration.ZERO);
      return;
    }
    logs.event(stamp("started version " + wanted.version() + ", process " + process.pid()));
    started();
    var hook = process.hook("post_start", wanted.hooks().postStart(), wanted);
    hook.ifPresent(trouble -> logs.event(stamp(trouble)));
  }

  private void started() {
    var wanted = Objects.requireNonNull(spec);
    ended = Optional.empty();
    health = new HealthWatch(wanted.health(), clock.get().uptime(), process::probe);
    reports.say(
        generation,
        new ProcessReport.Started(process.pid(), process.startedAt(), process.limits()));
  }

  private void step() throws InterruptedException, IOException {
    var now = clock.get();
    if (process.isHeld()) {
      logs.observe();
      logs.rotate(process.pause());
      if (!process.isAlive()) {
        exited(now);
      } else if (health != null) {
        watch(now, health);
      }
    } else if (restartAt != null && restartAt.compareTo(now.uptime()) <= 0) {
      launch();
    }
  }

  private void watch(Now now, HealthWatch watch) throws InterruptedException, IOException {
    switch (watch.look(now.uptime())) {
      case HealthWatch.News.None() -> {}
      case HealthWatch.News.Healthy() -> {
        logs.event(stamp("healthy"));
        reports.say(generation, new ProcessReport.Healthy());
      }
      case HealthWatch.News.Unhealthy(var why) -> {
        logs.event(stamp("unhealthy because " + why));
        reports.say(generation, new ProcessReport.Unhealthy("unhealthy because " + why));
      }
      case HealthWatch.News.Hopeless(var why) -> {
        if (Objects.requireNonNull(spec).restart() != LaunchSpec.Restart.NEVER) {
          logs.event(stamp("restarting because it stays unhealthy"));
          var healthyFor = watch.healthyFor(now.uptime());
          health = null;
          var status = process.stop(spec);
          again("unhealthy because " + why, status.orElse(-1), healthyFor);
        }
      }
    }
  }

  private void exited(Now now) throws InterruptedException, IOException {
    var healthyFor = health == null ? Duration.ZERO : health.healthyFor(now.uptime());
    health = null;
    var wanted = Objects.requireNonNull(spec);
    var status = process.cleanUp(wanted);
    var how = status.map(SupervisedApp::describe).orElse("ended, nobody knows how");
    logs.event(stamp(how));
    boolean well = status.isPresent() && status.get() == 0;
    switch (wanted.restart()) {
      case ALWAYS -> again(how, status.orElse(-1), healthyFor);
      case ON_FAILURE -> {
        if (well) {
          over(new ProcessReport.Ended(0), 0, how);
        } else {
          again(how, status.orElse(-1), healthyFor);
        }
      }
      case NEVER -> {
        if (well) {
          over(new ProcessReport.Ended(0), 0, how);
        } else {
          fail(how, status.orElse(-1));
        }
      }
    }
  }

  private void again(String why, int status, Duration healthyFor) {
    var wait = Objects.requireNonNull(policy).ended(clock.get().uptime(), healthyFor);
    if (wait.isEmpty()) {
      fail(why + "; restarted too often", status);
      return;
    }
    restartAt = clock.get().uptime().plus(wait.get());
    logs.event(stamp("starting again in " + wait.get().toMillis() + " ms"));
    reports.say(
        generation,
        new ProcessReport.Restarting(why, Objects.requireNonNull(policy).inRow(), status));
  }

  private void fail(String why, int status) {
    restartAt = null;
    logs.event(stamp("given up: " + why));
    over(new ProcessReport.Failed(why, status, logs.lastLines(LAST_LINES)), status, why);
  }

  private void over(ProcessReport report, int status, String why) {
    ended = Optional.of(new Supervisor.Ended(status, why));
    reports.say(generation, report);
  }

  private String stamp(String text) {
    return clock.get().wall() + " " + text;
  }

  /** What a shell says of a status (POSIX sh, 2.8.2): above 128 it is a signal. */
  static String describe(int status) {
    return status > 128 ? "killed by signal " + (status - 128) : "ended with status " + status;
  }

  /** Ends the thread; the process goes on. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

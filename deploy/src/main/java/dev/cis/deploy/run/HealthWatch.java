package dev.cis.deploy.run;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * When to look at an application and what to make of it. Until it was well for the first time it is
 * looked at every half second, so that a good start is seen at once; failures in the start period
 * do not count. Afterwards every interval. Not thread-safe.
 */
final class HealthWatch {
  private static final Duration FIRST_LOOKS = Duration.ofMillis(500);
  private static final Duration ALIVE = Duration.ofSeconds(1);

  /** One look: empty when it is well, else why not. */
  interface Probe {
    String look(HealthCheck check) throws InterruptedException;
  }

  /** What has changed. */
  sealed interface News {
    record None() implements News {}

    record Healthy() implements News {}

    record Unhealthy(String why) implements News {}

    /** Unhealthy for so long that it should be started again. */
    record Hopeless(String why) implements News {}
  }

  private final HealthCheck check;
  private final Duration startedAt;
  private final Probe probe;
  private Duration nextAt;
  private @Nullable CompletableFuture<String> looking;
  private boolean everHealthy;
  private boolean healthy;
  private boolean toldUnhealthy;
  private int failures;
  private Duration healthySince = Duration.ZERO;

  HealthWatch(HealthCheck check, Duration startedAt, Probe probe) {
    this.check = check;
    this.startedAt = startedAt;
    this.probe = probe;
    this.nextAt = check.type() == HealthCheck.Type.PROCESS ? startedAt.plus(ALIVE) : startedAt;
  }

  Duration healthyFor(Duration now) {
    return healthy ? now.minus(healthySince) : Duration.ZERO;
  }

  News look(Duration now) throws InterruptedException {
    if (looking == null) {
      if (nextAt.compareTo(now) > 0) {
        return new News.None();
      }
      if (check.type() == HealthCheck.Type.PROCESS) {
        return judge(now, ""); // whoever calls has just seen it alive
      }
      looking = begin();
    }
    if (!looking.isDone()) {
      return new News.None();
    }
    try {
      var trouble = looking.get();
      looking = null;
      return judge(now, trouble);
    } catch (ExecutionException e) {
      looking = null;
      return judge(now, "the probe failed: " + e.getCause());
    }
  }

  private CompletableFuture<String> begin() {
    var result = new CompletableFuture<String>();
    Thread.ofVirtual()
        .name("probe")
        .start(() -> {
          try {
            result.complete(probe.look(check));
          } catch (InterruptedException | RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  private News judge(Duration now, String trouble) {
    if (trouble.isEmpty()) {
      nextAt = now.plus(check.interval());
      failures = 0;
      toldUnhealthy = false;
      if (healthy) {
        return new News.None();
      }
      healthy = true;
      everHealthy = true;
      healthySince = now;
      return new News.Healthy();
    }
    boolean starting = !everHealthy && now.minus(startedAt).compareTo(check.startPeriod()) < 0;
    var first = FIRST_LOOKS.compareTo(check.interval()) < 0 ? FIRST_LOOKS : check.interval();
    nextAt = now.plus(starting ? first : check.interval());
    if (starting) {
      return new News.None();
    }
    failures++;
    if (failures >= 2 * check.retries()) {
      failures = 0;
      return new News.Hopeless(trouble);
    }
    if (failures >= check.retries() && !toldUnhealthy) {
      healthy = false;
      toldUnhealthy = true;
      return new News.Unhealthy(trouble);
    }
    return new News.None();
  }
}

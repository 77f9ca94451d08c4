package dev.cis.deploy;

import java.time.Duration;

/**
 * The configuration of deployment on a node.
 *
 * @param maxApps applications that may be installed at once, {@code deploy.max_apps}
 * @param keepVersions unpacked versions kept per application, {@code deploy.keep_versions}
 * @param fetchRetry wait before a failed fetch is tried again, doubling up to a minute
 * @param stopGrace time between SIGTERM and SIGKILL
 * @param stateInterval how often an unchanged state is said again, so that others know its age
 * @param staleAfter a state older than this is shown as stale
 * @param commandExpiry how long a signed command is good for
 * @param logFileBytes size at which a log file is rotated, {@code deploy.log_file_bytes}
 * @param logFiles files kept per stream, the active one included, {@code deploy.log_files}
 * @param logFollowPoll how often a file is looked at while someone follows it
 * @param maxLogStreams log streams served at once
 */
public record DeployConfig(
    int maxApps,
    int keepVersions,
    Duration fetchRetry,
    Duration stopGrace,
    Duration stateInterval,
    Duration staleAfter,
    Duration commandExpiry,
    long logFileBytes,
    int logFiles,
    Duration logFollowPoll,
    int maxLogStreams) {
  /** What is used where nothing is configured. */
  public static final DeployConfig DEFAULT =
      new DeployConfig(
          10,
          5,
          Duration.ofSeconds(1),
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofSeconds(150),
          Duration.ofSeconds(60),
          10L << 20,
          10,
          Duration.ofMillis(60),
          32);

  /** Checks the values. */
  public DeployConfig {
    positive("deploy.max_apps", maxApps);
    positive("deploy.keep_versions", keepVersions - 1);
    positive("deploy.fetch_retry", fetchRetry.toMillis());
    positive("deploy.stop_grace", stopGrace.toMillis());
    positive("deploy.state_interval", stateInterval.toMillis());
    positive("deploy.stale_after", staleAfter.minus(stateInterval).toMillis());
    positive("deploy.command_expiry", commandExpiry.toMillis());
    positive("deploy.log_file_bytes", logFileBytes - 4095);
    positive("deploy.log_files", logFiles - 1);
    positive("deploy.log_follow_poll", logFollowPoll.toMillis());
    positive("deploy.max_log_streams", maxLogStreams);
  }

  private static void positive(String key, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(key + " is too small");
    }
  }
}

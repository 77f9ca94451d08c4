package dev.cis.deploy.proto;

import java.time.Instant;
import java.util.List;

/** What a supervisor says of a process. */
public sealed interface ProcessReport {
  /** It was started, or found running. */
  record Started(long pid, Instant at, String limits) implements ProcessReport {}

  /** Its health check passes. */
  record Healthy() implements ProcessReport {}

  /** Its health check fails; the reason has the probe's output. */
  record Unhealthy(String reason) implements ProcessReport {}

  /** It ended and will be started again. */
  record Restarting(String reason, int restarts, int exitStatus) implements ProcessReport {}

  /** It ended with status 0 and is not to be started again. */
  record Ended(int exitStatus) implements ProcessReport {}

  /** It does not run and will not be started again. */
  record Failed(String reason, int exitStatus, List<String> lastLines) implements ProcessReport {}

  /** It was stopped as told; nothing of it runs. */
  record Stopped() implements ProcessReport {}
}

package dev.cis.deploy.run;

import java.time.Duration;
import java.util.List;

/**
 * How to tell whether a process is well.
 *
 * @param type by what
 * @param target a URL for {@code HTTP}, {@code host:port} for {@code TCP}, else empty
 * @param command program and arguments for {@code EXEC}, else empty
 * @param interval between probes
 * @param timeout of one probe
 * @param retries failures in a row after which it is unhealthy
 * @param startPeriod after the start, in which failures do not count
 */
public record HealthCheck(
    Type type,
    String target,
    List<String> command,
    Duration interval,
    Duration timeout,
    int retries,
    Duration startPeriod) {
  /** The process lives; the numbers of the design. */
  public static final HealthCheck PROCESS =
      new HealthCheck(
          Type.PROCESS,
          "",
          List.of(),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          3,
          Duration.ofSeconds(10));

  /** Copies the command. */
  public HealthCheck {
    command = List.copyOf(command);
  }

  /** What is looked at. */
  public enum Type {
    /** Whether the process has lived for a second. */
    PROCESS,
    /**
     * Whether a GET on an address of this machine answers 200 to 399; redirects are not followed.
     */
    HTTP,
    /** Whether a port on an address of this machine takes connections. */
    TCP,
    /** Whether a command in the application's directory ends with status 0. */
    EXEC
  }
}

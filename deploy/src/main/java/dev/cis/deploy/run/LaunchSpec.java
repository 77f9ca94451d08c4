package dev.cis.deploy.run;

import dev.cis.deploy.proto.RestartPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * How a release is run.
 *
 * @param app the application
 * @param release the name of the unpacked directory; says which release a process belongs to
 * @param version for people
 * @param directory the unpacked directory, also the working directory
 * @param entrypoint the program, inside the directory or an absolute path on the node
 * @param args its arguments
 * @param env its environment, besides the few variables that every application gets
 * @param limits its resource limits
 * @param health how to tell whether it is well
 * @param hooks commands around start and stop
 * @param restart whether to start it again when it ends
 * @param restarts how often and after which waits
 * @param stopGrace time between SIGTERM and SIGKILL
 */
public record LaunchSpec(
    String app,
    String release,
    String version,
    Path directory,
    String entrypoint,
    List<String> args,
    Map<String, String> env,
    Limits limits,
    HealthCheck health,
    Hooks hooks,
    Restart restart,
    RestartPolicy.Numbers restarts,
    Duration stopGrace) {
  /** Copies the collections. */
  public LaunchSpec {
    args = List.copyOf(args);
    env = Map.copyOf(env);
  }

  /** When a process that ended is started again. */
  public enum Restart {
    /** When it ended with another status than 0. */
    ON_FAILURE,
    /** Always. */
    ALWAYS,
    /** Never. */
    NEVER
  }

  /**
   * Resource limits; 0 for none.
   *
   * @param memoryBytes memory of all processes together
   * @param cpus processor time per time, 1.5 for one and a half processors
   * @param processes how many processes and threads
   */
  public record Limits(long memoryBytes, double cpus, long processes) {
    /** No limits. */
    public static final Limits NONE = new Limits(0, 0, 0);

    boolean isNone() {
      return memoryBytes <= 0 && cpus <= 0 && processes <= 0;
    }
  }

  /**
   * Commands, each a program and its arguments, run in the unpacked directory; empty for none.
   *
   * @param preStart before each start; must succeed
   * @param postStart after each start
   * @param preStop before the process is told to end
   * @param postStop after it has ended
   * @param timeout for each
   */
  public record Hooks(
      List<String> preStart,
      List<String> postStart,
      List<String> preStop,
      List<String> postStop,
      Duration timeout) {
    /** No hooks. */
    public static final Hooks NONE =
        new Hooks(List.of(), List.of(), List.of(), List.of(), Duration.ofSeconds(30));

    /** Copies the lists. */
    public Hooks {
      preStart = List.copyOf(preStart);
      postStart = List.copyOf(postStart);
      preStop = List.copyOf(preStop);
      postStop = List.copyOf(postStop);
    }
  }
}

package dev.cis.deploy.pack;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.semver4j.Semver;

/**
 * What {@code manifest.yaml} says of an application: checked, with every default filled in.
 *
 * @param name 1 to 63 of a-z, 0-9 and '-', beginning with a letter
 * @param version semantic version (semver.org 2.0.0)
 * @param description for people, may be empty
 * @param entrypoint the program: a path inside the package, or an absolute path on the node
 * @param args its arguments
 * @param env its environment, besides what the node adds
 * @param resources its limits
 * @param health how to tell whether it is well
 * @param restart what to do when it ends
 * @param hooks commands around its life
 * @param labels for people and selectors
 * @param ports the ports that it listens on
 * @param update when a newer version may replace it
 * @param createdAt when the package was made, as its author says
 */
public record Manifest(
    String name,
    Semver version,
    String description,
    String entrypoint,
    List<String> args,
    SortedMap<String, String> env,
    Resources resources,
    HealthCheck health,
    Restart restart,
    Hooks hooks,
    SortedMap<String, String> labels,
    List<Port> ports,
    Update update,
    Optional<Instant> createdAt) {
  /** Name of the file, at the top of the package. */
  public static final String FILE = "manifest.yaml";

  /** Largest manifest in bytes. */
  public static final int MAX_BYTES = 64 * 1024;

  /** Copies the collections. */
  public Manifest {
    args = List.copyOf(args);
    env = Collections.unmodifiableSortedMap(new TreeMap<>(env));
    labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    ports = List.copyOf(ports);
  }

  /**
   * Reads a manifest.
   *
   * @param source the file's name, for messages
   * @throws dev.cis.kernel.fault.Fault {@code deploy.bad-manifest} naming line, key and expectation
   */
  public static Manifest parse(Bytes yaml, String source) {
    return new ManifestReader(source).read(yaml.toByteArray());
  }

  /**
   * The manifest of an unpacked application.
   *
   * @param application the directory that {@link PackageReader#unpack} made
   */
  public static Manifest read(Path application) {
    var file = application.resolve(FILE);
    try (var in = Files.newInputStream(file)) {
      return parse(Bytes.of(in.readNBytes(MAX_BYTES + 1)), file.toString())
          .withScripts(path -> Files.exists(application.resolve(path)));
    } catch (IOException e) {
      throw Storage.failed("read", file, e);
    }
  }

  /** With {@code scripts/pre-start.sh} and its like as hooks where the manifest names none. */
  Manifest withScripts(Predicate<String> exists) {
    var filled =
        new Hooks(
            script(hooks.preStart, "scripts/pre-start.sh", exists),
            script(hooks.postStart, "scripts/post-start.sh", exists),
            script(hooks.preStop, "scripts/pre-stop.sh", exists),
            script(hooks.postStop, "scripts/post-stop.sh", exists));
    return new Manifest(
        name,
        version,
        description,
        entrypoint,
        args,
        env,
        resources,
        health,
        restart,
        filled,
        labels,
        ports,
        update,
        createdAt);
  }

  private static List<String> script(List<String> command, String path, Predicate<String> exists) {
    return command.isEmpty() && exists.test(path) ? List.of(path) : command;
  }

  /** The programs that must be in the package: entrypoint, hooks, health command. */
  List<String> programs() {
    return Stream.of(
            List.of(entrypoint),
            hooks.preStart,
            hooks.postStart,
            hooks.preStop,
            hooks.postStop,
            health.command)
        .filter(command -> !command.isEmpty() && !command.getFirst().startsWith("/"))
        .map(List::getFirst)
        .distinct()
        .toList();
  }

  /** This, unless a program that it names is not in the package. */
  Manifest requireFiles(Predicate<String> exists, String source) {
    for (var program : programs()) {
      if (!exists.test(program)) {
        throw new Fault(
            PackCode.BAD_MANIFEST,
            source
                + ": "
                + FILE
                + " names the program '"
                + Texts.printable(program)
                + "', which is not in the package; give a path inside it, or an absolute path");
      }
    }
    return this;
  }

  /** The name of the package's file: {@code name-version.p2p}. */
  public String packageName() {
    return name + "-" + version + ".p2p";
  }

  /**
   * Limits on the whole process tree.
   *
   * @param cpus processors, such as 0.5; 0 for no limit
   * @param memoryBytes memory in bytes; 0 for no limit
   */
  public record Resources(double cpus, long memoryBytes) {
    /** No limits. */
    public static final Resources UNLIMITED = new Resources(0, 0);
  }

  /** How health is found out. */
  public enum HealthType {
    /** The process lives. */
    PROCESS,
    /** GET answers with 200 to 399. */
    HTTP,
    /** A TCP connection is accepted. */
    TCP,
    /** A command exits with 0. */
    EXEC
  }

  /**
   * How to tell whether the application is well.
   *
   * @param type how
   * @param endpoint URL for http, host:port for tcp, else empty
   * @param command program and arguments for exec, else empty
   * @param interval between checks
   * @param timeout of one check
   * @param retries failures in a row that make it unhealthy
   * @param startPeriod time after the start in which failures do not count
   */
  public record HealthCheck(
      HealthType type,
      String endpoint,
      List<String> command,
      Duration interval,
      Duration timeout,
      int retries,
      Duration startPeriod) {
    /** The process lives; looked at every 10 s. */
    public static final HealthCheck DEFAULT =
        new HealthCheck(
            HealthType.PROCESS,
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
  }

  /** After which ends the application is started again. */
  public enum RestartPolicy {
    /** After every end that nobody asked for. */
    ALWAYS,
    /** After an end with an exit code other than 0, or when unhealthy. */
    ON_FAILURE,
    /** Never. */
    NEVER
  }

  /**
   * What to do when the application ends.
   *
   * @param policy whether it is started again
   * @param delay before the first restart; doubles with each
   * @param maxDelay longest delay
   * @param maxRestarts more restarts than this within the window: it has failed
   * @param window the time over which restarts are counted
   */
  public record Restart(
      RestartPolicy policy, Duration delay, Duration maxDelay, int maxRestarts, Duration window) {
    /** On failure, after 1 s doubling to 60 s, at most 5 times in 10 minutes. */
    public static final Restart DEFAULT =
        new Restart(
            RestartPolicy.ON_FAILURE,
            Duration.ofSeconds(1),
            Duration.ofSeconds(60),
            5,
            Duration.ofMinutes(10));
  }

  /**
   * Commands around the application's life, each a program (a path inside the package, or absolute)
   * and its arguments; empty for none.
   *
   * @param preStart before the start, which waits for it and needs its success
   * @param postStart after the start
   * @param preStop before SIGTERM
   * @param postStop after the end
   */
  public record Hooks(
      List<String> preStart, List<String> postStart, List<String> preStop, List<String> postStop) {
    /** None. */
    public static final Hooks NONE = new Hooks(List.of(), List.of(), List.of(), List.of());

    /** Copies the lists. */
    public Hooks {
      preStart = List.copyOf(preStart);
      postStart = List.copyOf(postStart);
      preStop = List.copyOf(preStop);
      postStop = List.copyOf(postStop);
    }
  }

  /**
   * A port that the application listens on.
   *
   * @param name for people, may be empty
   * @param port 1 to 65535
   * @param protocol {@code tcp} or {@code udp}
   */
  public record Port(String name, int port, String protocol) {}

  /** When a newer version may replace a running one. */
  public enum Update {
    /** At once: stop the old, start the new. */
    IMMEDIATE,
    /** When the running one has stopped. */
    GRACEFUL,
    /** When a person says so. */
    MANUAL
  }
}

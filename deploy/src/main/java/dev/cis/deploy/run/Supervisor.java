package dev.cis.deploy.run;

import dev.cis.deploy.proto.DeployOrder;
import dev.cis.deploy.proto.ProcessReport;
import dev.cis.kernel.time.Now;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Runs the applications of one node, each on a virtual thread of its own. Below the directory each
 * application has {@code versions/} (unpacked releases), {@code run/}, {@code logs/} and {@code
 * data/}, which outlives versions. Thread-safe; calls return at once, reports follow.
 */
public final class Supervisor implements AutoCloseable {
  /**
   * The numbers.
   *
   * @param logFileBytes size at which a log is rotated
   * @param logFiles files per log stream
   */
  public record Settings(long logFileBytes, int logFiles) {}

  /** Hears what becomes of processes, from the application's thread. */
  @FunctionalInterface
  public interface Listener {
    /** Something happened; {@code generation} is that of the start or stop it belongs to. */
    void heard(String app, long generation, ProcessReport report);
  }

  /** Whether an application is over: nothing will be written any more until it is started. */
  public record Ended(int exitStatus, String reason) {}

  private final Path directory;
  private final String node;
  private final Settings settings;
  private final Supplier<Now> clock;
  private final RandomGenerator random;
  private final Listener listener;
  private final ControlGroups groups;
  private final Map<String, SupervisedApp> apps = new ConcurrentHashMap<>();
  private final Map<String, AppLogs> logs = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /**
   * A supervisor of nothing yet.
   *
   * @param directory below which every application has its directory
   * @param node told to applications as {@code CIS_NODE}
   */
  public Supervisor(
      Path directory,
      String node,
      Settings settings,
      Supplier<Now> clock,
      RandomGenerator random,
      Listener listener) {
    this(directory, node, settings, clock, random, listener, Path.of("/sys/fs/cgroup"));
  }

  Supervisor(
      Path directory,
      String node,
      Settings settings,
      Supplier<Now> clock,
      RandomGenerator random,
      Listener listener,
      Path cgroups) {
    this.directory = directory.toAbsolutePath();
    this.node = node;
    this.settings = settings;
    this.clock = clock;
    this.random = random;
    this.listener = listener;
    this.groups = new ControlGroups(cgroups);
  }

  /** Where an application's files are. */
  public Path home(String app) {
    DeployOrder.checkApp(app);
    return directory.resolve(app);
  }

  /** Where a release of it is or will be unpacked. */
  public Path versionDirectory(String app, String release) {
    return home(app).resolve("versions").resolve(release);
  }

  /** Starts the application, or adopts its process if that release is running already. */
  public void start(LaunchSpec spec, long generation) {
    app(spec.app()).order(new SupervisedApp.Order.Start(spec, generation));
  }

  /** Stops whatever runs of the application; reports Stopped. */
  public void stop(String app, long generation) {
    app(app).order(new SupervisedApp.Order.Stop(generation));
  }

  /** Deletes everything of an application that was stopped. */
  public void delete(String app) throws IOException {
    var running = apps.remove(app);
    if (running != null) {
      running.close();
    }
    logs.remove(app);
    RunDirectory.deleteTree(home(app));
  }

  /** Deletes one unpacked release. */
  public void deleteVersion(String app, String release) throws IOException {
    RunDirectory.deleteTree(versionDirectory(app, release));
  }

  /** Empty while something runs or will run. */
  public Optional<Ended> ended(String app) {
    var known = apps.get(app);
    return known == null ? Optional.of(new Ended(-1, "it does not run")) : known.ended();
  }

  /** The logs of an application; empty when it is not installed. */
  public Optional<AppLogs> logs(String app) {
    return Files.isDirectory(home(app).resolve("logs")) || apps.containsKey(app)
        ? Optional.of(openLogs(app))
        : Optional.empty();
  }

  private AppLogs openLogs(String app) {
    return logs.computeIfAbsent(
        app,
        name ->
            new AppLogs(
                home(name).resolve("logs"), settings.logFileBytes(), settings.logFiles(), clock));
  }

  private SupervisedApp app(String name) {
    return apps.computeIfAbsent(
        name,
        app ->
            new SupervisedApp(
                app,
                home(app),
                node,
                openLogs(app),
                groups,
                clock,
                random,
                (generation, report) -> {
                  if (!closed) {
                    listener.heard(app, generation, report);
                  }
                }));
  }

  /** Lets go of every process without stopping it. */
  @Override
  public void close() {
    closed = true;
    apps.values().forEach(SupervisedApp::close);
  }
}

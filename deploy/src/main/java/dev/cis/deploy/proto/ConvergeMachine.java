package dev.cis.deploy.proto;

import dev.cis.deploy.proto.AppRecord.Goal;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a node does about all orders it knows: accept or refuse, fetch, start, roll back, stop,
 * remove, and say so.
 *
 * <p>Level-triggered, as a Kubernetes controller is: every input updates what is known, then each
 * application is driven one step from what is towards what is wanted. So the order of inputs does
 * not matter, and after a restart the same steps lead to the same end.
 */
public final class ConvergeMachine implements Machine<ConvergeInput, ConvergeOutput> {
  /**
   * The numbers.
   *
   * @param maxApps applications installed at once
   * @param keepVersions unpacked releases kept per application
   * @param fetchRetry wait before a failed fetch is tried again, doubling up to a minute
   * @param stateInterval how often an unchanged state is said again
   */
  public record Settings(
      int maxApps, int keepVersions, Duration fetchRetry, Duration stateInterval) {}

  /** Most applications that are known only from untrusted orders. */
  private static final int MAX_STRANGERS = 64;

  private final NodeId self;
  private final Settings settings;
  private final RandomGenerator random;
  private final Map<String, AppCourse> apps = new TreeMap<>();
  private Map<String, String> labels;
  private Set<PublicKey> trusted = Set.of();

  /** A node that trusts nobody yet. */
  public ConvergeMachine(
      NodeId self, Map<String, String> labels, Settings settings, RandomGenerator random) {
    this.self = self;
    this.labels = Map.copyOf(labels);
    this.settings = settings;
    this.random = random;
  }

  @Override
  public void on(Now now, ConvergeInput input, Consumer<ConvergeOutput> out) {
    switch (input) {
      case ConvergeInput.Restored(var record) -> {
        var course = course(record.app());
        course.restore(record);
        course.drive(now, out);
      }
      case ConvergeInput.Ordered ordered -> ordered(now, ordered, out);
      case ConvergeInput.Trusted(var publishers) -> {
        trusted = Set.copyOf(publishers);
        apps.values().forEach(course -> consider(now, course, out));
      }
      case ConvergeInput.Labelled(var next) -> {
        if (!labels.equals(next)) {
          labels = Map.copyOf(next);
          apps.values().forEach(course -> consider(now, course, out));
        }
      }
      case ConvergeInput.Commanded command -> {
        var course = apps.get(command.app());
        if (course == null) {
          var message = "no application '" + command.app() + "' on this node";
          out.accept(new ConvergeOutput.Answer(command.id(), DeployCode.NO_APP, message));
        } else {
          course.command(now, command, out);
        }
      }
      case ConvergeInput.Fetched(var app, var release, var done) ->
          with(app, course -> course.fetched(now, release, done, out));
      case ConvergeInput.Prepared(var app, var release) ->
          with(app, course -> course.prepared(now, release, out));
      case ConvergeInput.NotPrepared failed ->
          with(failed.app(), course -> course.notPrepared(now, failed, out));
      case ConvergeInput.Reported(var app, var generation, var report) ->
          with(app, course -> course.process(now, generation, report, out));
      case ConvergeInput.Deleted(var app) -> with(app, course -> course.deleted(now, out));
    }
  }

  private void ordered(Now now, ConvergeInput.Ordered input, Consumer<ConvergeOutput> out) {
    var name = input.order().app();
    if (!apps.containsKey(name) && !trusted.contains(input.publisher())) {
      long strangers = apps.values().stream().filter(AppCourse::isStranger).count();
      if (strangers >= MAX_STRANGERS) {
        return; // anybody may write orders; whoever becomes trusted is told of again
      }
    }
    var course = course(name);
    course.know(input, trusted);
    consider(now, course, out);
  }

  private void consider(Now now, AppCourse course, Consumer<ConvergeOutput> out) {
    long installed = apps.values().stream().filter(AppCourse::isInstalled).count();
    boolean room = course.isInstalled() || installed < settings.maxApps();
    course.consider(trusted, labels, room, settings.maxApps(), out);
    course.drive(now, out);
  }

  private AppCourse course(String app) {
    return apps.computeIfAbsent(app, name -> new AppCourse(self, name, settings, random));
  }

  private void with(String app, Consumer<AppCourse> action) {
    @Nullable AppCourse course = apps.get(app);
    if (course != null) {
      action.accept(course);
    }
  }

  @Override
  public void tick(Now now, Consumer<ConvergeOutput> out) {
    for (var course : apps.values()) {
      if (course.wakeAt().compareTo(now.uptime()) <= 0) {
        course.tick(now, out);
      }
    }
  }

  @Override
  public Duration wakeAt() {
    return apps.values().stream().map(AppCourse::wakeAt).min(Duration::compareTo).orElse(NEVER);
  }

  /** The goals of all applications that this node remembers, for looking at from outside. */
  public Map<String, Goal> goals() {
    var goals = new LinkedHashMap<String, Goal>();
    apps.forEach((app, course) -> {
      var record = course.record();
      if (record != null) {
        goals.put(app, record.goal());
      }
    });
    return goals;
  }
}

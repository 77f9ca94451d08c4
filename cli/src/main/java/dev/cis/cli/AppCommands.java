package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Kind;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cis app ...}. */
final class AppCommands {
  private AppCommands() {}

  @Command(description = "Applications on all nodes, and how old that is.")
  static final class Listing implements Callable<Integer> {
    private final Cis cis;
    @Mixin private final NodeCommands.NodeOption where = new NodeCommands.NodeOption();

    Listing(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var answer =
          cis.client().call(new Request.AppList(where.node, where.labels), Result.Apps.class);
      if (cis.json()) {
        cis.screen().json(answer);
      } else if (answer.apps().isEmpty()) {
        cis.screen().note("no applications: deploy one with 'cis p2p deploy PACKAGE'");
      } else {
        cis.screen()
            .table(
                List.of("APP", "VERSION", "NODE", "STATE", "PID", "RESTARTS", "HEARD", "WHY"),
                answer.apps().stream()
                    .map(a ->
                        List.of(
                            a.app(),
                            Screen.orDash(a.version()),
                            a.nodeName(),
                            a.stale()
                                ? "stale (" + Screen.word(a.phase()) + ")"
                                : Screen.word(a.phase()),
                            Screen.orDash(a.pid()),
                            String.valueOf(a.restarts()),
                            Screen.seconds((long) a.ageSeconds()) + " ago",
                            cis.screen().foreign(a.reason())))
                    .toList());
      }
      return 0;
    }
  }

  /** What start, stop, restart and remove have in common. */
  abstract static class Action implements Callable<Integer> {
    private final Cis cis;
    private final String action;
    @Mixin private final NodeCommands.NodeOption where = new NodeCommands.NodeOption();

    @Parameters(paramLabel = "APP")
    private String app = "";

    @Option(
        names = "--key",
        paramLabel = "NAME",
        description = "the publisher key that signs (default: the only one there is)")
    private @Nullable String key;

    Action(Cis cis, String action) {
      this.cis = cis;
      this.action = action;
    }

    @Override
    public Integer call() {
      if (action.equals("remove")) {
        cis.confirm(
            "Remove "
                + app
                + " with its versions and logs"
                + (where.node != null
                    ? " from " + where.node + "?"
                    : where.labels != null
                        ? " from the nodes with " + where.labels + "?"
                        : " from every node it is on, now or when it is back?"));
      }
      var results =
          cis.client()
              .call(
                  new Request.AppCommand(action, app, where.node, where.labels, key),
                  Result.CommandResults.class)
              .results();
      if (cis.json()) {
        cis.screen().json(new Result.CommandResults(results));
      } else {
        results.forEach(r ->
            cis.screen()
                .line(
                    r.name()
                        + ": "
                        + (r.ok() ? cis.screen().green("ok") : cis.screen().red("failed"))
                        + (r.message().isEmpty() ? "" : ", " + r.message())));
      }
      long failures = results.stream().filter(r -> !r.ok()).count();
      if (failures == 0) {
        return 0;
      }
      return failures < results.size() ? 3 : exitCode(results.getFirst());
    }

    private static int exitCode(Result.CommandResult result) {
      return "deploy.untrusted".equals(result.code())
          ? Kind.DENIED.exitCode()
          : "deploy.not-answered".equals(result.code()) ? Kind.UNREACHABLE.exitCode() : 1;
    }
  }

  @Command(description = "Start an application that is installed.")
  static final class Start extends Action {
    Start(Cis cis) {
      super(cis, "start");
    }
  }

  @Command(description = "Stop an application; it stays installed.")
  static final class Stop extends Action {
    Stop(Cis cis) {
      super(cis, "stop");
    }
  }

  @Command(description = "Stop an application and start it again.")
  static final class Restart extends Action {
    Restart(Cis cis) {
      super(cis, "restart");
    }
  }

  @Command(
      description = "Stop an application and delete its versions and logs.",
      footer = {
        "",
        "Without --node and --labels this is an order to all nodes, remembered by them: a node that",
        "is off or out of reach removes the application when it is back.",
        "With --node or --labels it is a command to those nodes that are there now: one that is not",
        "fails, nothing reaches it later, and it keeps the application."
      })
  static final class Remove extends Action {
    Remove(Cis cis) {
      super(cis, "remove");
    }
  }
}

package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cis p2p deploy}. */
@Command(
    description = "Run a signed package on the chosen nodes, and wait until it is healthy there.",
    footer = {
      "",
      "Examples:",
      "  cis p2p deploy web-1.0.0.p2p                     on every node that trusts the publisher",
      "  cis p2p deploy web-1.0.0.p2p --labels env=test",
      "  cis p2p deploy web-1.0.0.p2p --nodes lab1,lab2 --no-wait"
    })
final class DeployCommand implements Callable<Integer> {
  private final Cis cis;

  @Parameters(paramLabel = "PACKAGE", description = "a .p2p file, signed")
  private Path file = Path.of("");

  @Option(names = "--nodes", split = ",", paramLabel = "NODE", description = "on these nodes")
  private List<String> nodes = new ArrayList<>();

  @Option(
      names = "--labels",
      paramLabel = "SELECTOR",
      description = "on nodes with these labels: env=test,tier in (a,b)")
  private @Nullable String labels;

  @Option(
      names = "--key",
      paramLabel = "NAME",
      description = "the publisher key that signs the order (default: the only one there is)")
  private @Nullable String key;

  @Option(names = "--no-wait", description = "return as soon as the order is given")
  private boolean noWait;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "how long to wait at most (default: 600)")
  private int timeout = 600;

  @Option(names = "--dry-run", description = "only say which nodes would be told")
  private boolean dryRun;

  private final Map<String, String> shown = new HashMap<>();
  private final long start = System.nanoTime();

  DeployCommand(Cis cis) {
    this.cis = cis;
  }

  @Override
  public Integer call() throws IOException {
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw new Fault(
          CliCode.NO_FILE,
          "cannot read the package " + file + ": build one with 'cis package build DIR'");
    }
    if (!nodes.isEmpty() && labels != null) {
      throw new Fault(CliCode.USAGE, "--nodes and --labels cannot be given together");
    }
    var request =
        new Request.Deploy(
            nodes.isEmpty() ? null : nodes, labels, key, dryRun, !noWait, timeout * 1000L);
    long size = Files.size(file);
    Result.Deployed answer;
    try (var bytes = Files.newInputStream(file)) {
      answer =
          cis.client().stream(
              request,
              bytes,
              sent -> cis.screen().bar("upload", sent, size, elapsed()),
              Result.Progress.class,
              this::progress,
              Result.Deployed.class);
    }
    return finish(answer);
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** Progress is for people: with --json only the last answer is printed. */
  private void progress(Result.Progress p) {
    if (p.phase().equals("FETCHING") && p.bytesTotal() > 0) {
      cis.screen().bar(p.name(), p.bytesDone(), p.bytesTotal(), elapsed());
    }
    var text = Screen.word(p.phase()) + (p.reason().isEmpty() ? "" : ": " + p.reason());
    if (!text.equals(shown.put(p.node(), text))) {
      cis.screen().note(p.name() + ": " + cis.screen().foreign(text));
    }
  }

  private int finish(Result.Deployed answer) {
    if (cis.json()) {
      cis.screen().json(answer);
    } else {
      var what = answer.app() + " " + answer.version();
      long good = answer.nodes().stream().filter(DeployCommand::isGood).count();
      cis.screen()
          .line(
              switch (answer.outcome()) {
                case "dry-run" -> what + " would go to " + names(answer) + " (nothing was changed)";
                case "started" ->
                    what + " is ordered for " + names(answer) + "; see 'cis app list'";
                case "waiting" ->
                    what
                        + " is not everywhere yet ("
                        + good
                        + " of "
                        + answer.nodes().size()
                        + "); it goes on by itself, see 'cis app list'";
                default ->
                    what
                        + " is healthy on "
                        + good
                        + " of "
                        + answer.nodes().size()
                        + (answer.nodes().size() == 1 ? " node" : " nodes");
              });
      answer.nodes().stream()
          .filter(n -> !isGood(n) && !dryRun && !noWait)
          .forEach(n ->
              cis.screen()
                  .note(
                      "  "
                          + n.name()
                          + ": "
                          + Screen.word(n.phase())
                          + (n.reason().isEmpty() ? "" : ": " + cis.screen().foreign(n.reason()))));
    }
    return switch (answer.outcome()) {
      case "partial" -> 3;
      case "waiting" -> Kind.TIMEOUT.exitCode();
      case "failed" ->
          answer.nodes().stream()
                  .allMatch(n -> n.phase().equals("UNTRUSTED") || n.phase().equals("REFUSED"))
              ? Kind.DENIED.exitCode()
              : 1;
      default -> 0;
    };
  }

  private static boolean isGood(Result.Progress p) {
    return p.phase().equals("HEALTHY") || p.phase().equals("STOPPED");
  }

  private static String names(Result.Deployed answer) {
    return answer.nodes().isEmpty()
        ? "no known node yet"
        : String.join(", ", answer.nodes().stream().map(Result.Progress::name).toList());
  }
}

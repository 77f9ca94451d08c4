package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Fault;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cis logs}. */
@Command(
    description = "Log lines of an application from every node it is on, merged by time.",
    footer = {
      "",
      "Examples:",
      "  cis logs web --follow",
      "  cis logs web --since 1h --grep ERROR",
      "  cis logs web --since 2h --until 1h"
    })
final class LogsCommand implements Callable<Integer> {
  private static final Pattern AGE = Pattern.compile("(\\d{1,9})(s|m|h|d)");

  private final Cis cis;

  @Parameters(paramLabel = "APP")
  private String app = "";

  @Option(names = "--node", paramLabel = "NODE", description = "of this node only")
  private @Nullable String node;

  @Option(
      names = {"-f", "--follow"},
      description = "go on with new lines until Ctrl-C")
  private boolean follow;

  @Option(names = "--since", paramLabel = "T", description = "30s, 5m, 1h, 2d or an ISO time")
  private @Nullable String since;

  @Option(names = "--until", paramLabel = "T", description = "up to then; written like --since")
  private @Nullable String until;

  @Option(names = "--tail", paramLabel = "N", description = "the newest N lines of each node")
  private int tail = -1;

  @Option(names = "--grep", paramLabel = "RE", description = "lines with this expression")
  private @Nullable String grep;

  @Option(names = "--stream", paramLabel = "S", description = "stdout, stderr or events")
  private @Nullable String stream;

  @Option(names = "--key", paramLabel = "NAME", description = "the publisher key that signs")
  private @Nullable String key;

  LogsCommand(Cis cis) {
    this.cis = cis;
  }

  @Override
  public Integer call() {
    var from = instant("--since", since);
    var to = instant("--until", until);
    if (follow && to != null) {
      throw new Fault(CliCode.USAGE, "--until ends the log and --follow does not: choose one");
    }
    if (from != null && to != null && to.isBefore(from)) {
      throw new Fault(CliCode.USAGE, "--until " + until + " is before --since " + since);
    }
    var request = new Request.Logs(app, node, stream, follow, from, to, tail, grep, key);
    var _ = cis.client().stream(request, Result.LogLine.class, this::show, Result.Done.class);
    return 0;
  }

  private void show(Result.LogLine line) {
    if (cis.json()) {
      cis.screen().json(line);
    } else if (line.kind().equals("line")) {
      var mark = "stderr".equals(line.stream()) ? "! " : "events".equals(line.stream()) ? "* " : "";
      cis.screen().line(line.nodeName() + " | " + mark + cis.screen().foreign(line.text()));
    } else {
      cis.screen().note(line.nodeName() + " | -- " + line.text() + " --");
    }
  }

  private static @Nullable Instant instant(String option, @Nullable String text) {
    if (text == null) {
      return null;
    }
    var age = AGE.matcher(text.toLowerCase(Locale.ROOT));
    if (age.matches()) {
      long count = Long.parseLong(age.group(1));
      return Instant.now()
          .minus(
              switch (age.group(2)) {
                case "s" -> Duration.ofSeconds(count);
                case "m" -> Duration.ofMinutes(count);
                case "h" -> Duration.ofHours(count);
                default -> Duration.ofDays(count);
              });
    }
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new Fault(
          CliCode.USAGE,
          option + " " + text + ": write 30s, 5m, 1h, 2d or 2026-11-21T08:00:00Z",
          e);
    }
  }
}

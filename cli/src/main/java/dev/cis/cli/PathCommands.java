package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code cis p2p} tells about the path to one peer. */
final class PathCommands {
  private static final int UNREACHABLE = 6;
  private static final int PARTLY = 3;

  private PathCommands() {}

  @Command(
      description = {
        "Why a peer is connected as it is, or is not: its addresses and what came of each, relays,",
        "the search for a direct path, and what it means in one sentence. Dials nobody.",
        "Exit code: 0 connected, 6 not."
      },
      footer = {
        "",
        "Examples:",
        "  cis p2p why alice",
        "  cis p2p why alice --json | jq -r .verdict"
      })
  static final class Why implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "NODE", description = P2pCommands.NODE)
    private String node = "";

    Why(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var why = cis.client().call(new Request.Why(node), Result.Why.class);
      if (cis.json()) {
        cis.screen().json(why);
      } else {
        show(why);
      }
      return why.link() == null ? UNREACHABLE : 0;
    }

    private void show(Result.Why why) {
      var screen = cis.screen();
      var link = why.link();
      screen.fields(
          "node", screen.foreign(why.name()) + " (" + why.node() + ")",
          "path", link == null ? "not connected" : path(link),
          "direct path", link == null ? "-" : search(link),
          "found by", why.foundBy().isEmpty() ? "-" : String.join(", ", why.foundBy()),
          "kept", why.kept() ? "yes: dialled again when it is lost" : "no");
      attempts(why.attempts());
      relays(why.relays());
      if (link == null && !why.ended().isEmpty()) {
        screen.line("");
        screen.table(
            List.of("CONNECTION ENDED", "HOW", "WHY"),
            why.ended().stream()
                .map(e -> List.of(Screen.ago(e.at()), e.how(), screen.foreign(e.reason())))
                .toList());
      }
      var rest = why.rest();
      if (rest != null) {
        screen.line("");
        screen.line("left alone for " + rest.seconds() + " s: " + screen.foreign(rest.reason()));
      }
      screen.line("");
      screen.line(screen.foreign(why.meaning()));
    }

    private String path(Result.WhyLink link) {
      var relay = link.relay();
      return link.path()
          + (relay == null ? "" : " through " + cis.screen().foreign(relay))
          + " at "
          + link.address()
          + ", "
          + link.direction()
          + ", rtt "
          + Screen.millis(link.rttMillis())
          + ", since "
          + Screen.ago(link.since())
          + (link.member() ? "" : ", in another realm");
    }

    private static String search(Result.WhyLink link) {
      var next = link.searchSeconds();
      return Screen.orDash(link.search())
          + (next == null ? "" : "; next search in " + Screen.seconds(next));
    }

    private void attempts(List<Result.WhyAttempt> attempts) {
      if (attempts.isEmpty()) {
        return;
      }
      cis.screen().line("");
      cis.screen()
          .table(
              List.of("ADDRESS", "SOURCE", "WORKED", "FAILED", "NEXT", "WHY"),
              attempts.stream()
                  .map(a ->
                      List.of(
                          a.address(),
                          a.source(),
                          Screen.ago(a.worked()),
                          Screen.ago(a.failed()),
                          a.next(),
                          cis.screen().foreign(Screen.orDash(a.failure()))))
                  .toList());
    }

    private void relays(List<Result.WhyRelay> relays) {
      if (relays.isEmpty()) {
        return;
      }
      cis.screen().line("");
      cis.screen()
          .table(
              List.of("RELAY", "NAMED BY IT", "OURS", "STATE", "ASKED", "WHY"),
              relays.stream()
                  .map(r ->
                      List.of(
                          cis.screen().foreign(r.name()),
                          r.named() ? "yes" : "no",
                          r.ours() ? "yes" : "no",
                          r.inUse() ? "in use" : r.connected() ? "connected" : "not connected",
                          Screen.ago(r.asked()),
                          cis.screen().foreign(Screen.orDash(r.failure()))))
                  .toList());
    }
  }

  @Command(
      description = {
        "Measure the round trip to a peer, and show by which path the answers come.",
        "Exit code: 0 all answered, 3 some, 6 none; with --until-direct 0 when a direct path was"
            + " found, 3 when only a relay answered."
      },
      footer = {
        "",
        "Examples:",
        "  cis p2p ping alice",
        "  cis p2p ping alice --until-direct && echo direct"
      })
  static final class Ping implements Callable<Integer> {
    private static final int TIMES = 4;
    // A search that failed is repeated after 5 s, and later every minute.
    private static final int TIMES_UNTIL_DIRECT = 75;

    private final Cis cis;

    @Parameters(paramLabel = "NODE", description = P2pCommands.NODE)
    private String node = "";

    @Option(
        names = {"-c", "--count"},
        paramLabel = "N",
        description = "how often, one a second (default: 4; with --until-direct 75 at most)")
    private @Nullable Integer count;

    @Option(
        names = "--until-direct",
        description = "end with the first answer that came on a direct path")
    private boolean untilDirect;

    Ping(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      int times = count != null ? count : untilDirect ? TIMES_UNTIL_DIRECT : TIMES;
      var summary =
          cis.client().stream(
              new Request.Ping(node, times, untilDirect),
              Result.Pong.class,
              this::show,
              Result.PingSummary.class);
      if (cis.json()) {
        cis.screen().json(summary);
      } else {
        cis.screen().line(words(summary));
      }
      return exit(summary);
    }

    private int exit(Result.PingSummary summary) {
      if (summary.received() == 0) {
        return UNREACHABLE;
      }
      return untilDirect
          ? "direct".equals(summary.path()) ? 0 : PARTLY
          : summary.received() < summary.sent() ? PARTLY : 0;
    }

    private static String words(Result.PingSummary s) {
      return String.format(
          Locale.ROOT,
          "%s: %d of %d answered, min %s, average %s, max %s%s",
          s.name(),
          s.received(),
          s.sent(),
          Screen.millis(s.minMillis()),
          Screen.millis(s.averageMillis()),
          Screen.millis(s.maxMillis()),
          s.path() == null ? "" : ", path " + s.path());
    }

    private void show(Result.Pong pong) {
      if (cis.json()) {
        cis.screen().json(pong);
      } else {
        cis.screen()
            .line(
                pong.sequence()
                    + ": "
                    + (pong.failure() != null
                        ? pong.failure()
                        : Screen.millis(pong.rttMillis()) + " " + Screen.orDash(pong.path())));
      }
    }
  }
}

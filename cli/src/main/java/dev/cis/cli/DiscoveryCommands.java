package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands about finding others and being found. */
final class DiscoveryCommands {
  private static final int PARTLY = 3;
  private static final int UNREACHABLE = 6;

  private DiscoveryCommands() {}

  /** Whether anybody is connected, and why or since when. */
  static String online(Result.Status s) {
    return (s.online() ? "yes: " : "no: ") + s.onlineReason();
  }

  /** How many nodes each source knows, and when and why there was a search. */
  static String sources(Result.Status s) {
    var counts =
        s.sources().stream()
            .filter(source -> source.found() > 0)
            .map(source ->
                source.found()
                    + " "
                    + source.source()
                    + (source.failed() > 0 ? " (" + source.failed() + " failing)" : ""))
            .collect(Collectors.joining(", "));
    var search =
        s.lastSearch() == null
            ? "no search yet"
            : "searched " + Screen.ago(s.lastSearch()) + ": " + s.lastSearchReason();
    return (counts.isEmpty() ? "nobody found" : counts) + "; " + search;
  }

  /** What it has to do with anchors. */
  static String anchor(Result.Status s) {
    var used = s.anchors().isEmpty() ? "none in use" : s.anchors().size() + " in use";
    return s.anchor() ? "this node is one" : used;
  }

  @Command(
      description = "Look for peers now.",
      footer = {"", "Examples:", "  cis p2p discover && cis p2p events --follow"})
  static final class Discover implements Callable<Integer> {
    private final Cis cis;

    Discover(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      return P2pCommands.done(cis, new Request.Discover("asked by the operator"));
    }
  }

  @Command(
      description = "Peers that came and went, searches, and whether the node was online.",
      footer = {
        "",
        "Examples:",
        "  cis p2p events",
        "  cis p2p events --follow --json | jq .event"
      })
  static final class Events implements Callable<Integer> {
    private final Cis cis;

    @Option(
        names = {"-f", "--follow"},
        description = "go on with what happens from now on (Ctrl-C ends)")
    private boolean follow;

    Events(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var _ =
          cis.client().stream(
              new Request.Events(follow), Result.PeerEvent.class, this::show, Result.Done.class);
      return 0;
    }

    private void show(Result.PeerEvent e) {
      if (cis.json()) {
        cis.screen().json(e);
        return;
      }
      var who = e.name() == null ? "" : cis.screen().foreign(e.name()) + ": ";
      cis.screen().line(e.at() + "  " + e.event() + "  " + who + cis.screen().foreign(e.reason()));
    }
  }

  @Command(
      description = "At which addresses others can reach this node, found out by anchors.",
      footer = {
        "",
        "Examples:",
        "  cis p2p reachable            asks every anchor that is connected",
        "  cis p2p reachable --known --json | jq '.addresses[] | select(.state == \"public\")'",
        "  cis p2p reachable anchor1    asks this one"
      })
  static final class Reachable implements Callable<Integer> {
    private final Cis cis;

    @Parameters(
        paramLabel = "ANCHOR",
        arity = "0..1",
        description = "a connected anchor: NodeId, prefix or name")
    private @Nullable String anchor;

    @Option(names = "--known", description = "ask nobody: what was found out already")
    private boolean known;

    Reachable(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var answer =
          cis.client().call(new Request.Reachable(anchor, known), Result.Reachability.class);
      if (cis.json()) {
        cis.screen().json(answer);
        return exit(answer);
      }
      addresses(answer.addresses());
      if (known) {
        return exit(answer);
      }
      if (answer.anchors().isEmpty()) {
        cis.screen()
            .note(
                "no anchor is connected that could tell: start with --bootstrap ANCHOR, see"
                    + " docs/operating/anchor.md");
      } else {
        cis.screen()
            .table(
                List.of("ANCHOR", "VERDICT", "ADDRESS", "WHY"),
                answer.anchors().stream()
                    .map(a ->
                        List.of(
                            a.name(),
                            Objects.requireNonNullElse(a.verdict(), "not asked"),
                            Objects.requireNonNullElse(a.address(), "-"),
                            Objects.requireNonNullElse(a.failure(), "")))
                    .toList());
      }
      return exit(answer);
    }

    private void addresses(List<Result.OwnAddress> addresses) {
      if (addresses.isEmpty()) {
        return;
      }
      cis.screen()
          .table(
              List.of("ADDRESS", "STATE", "KNOWN FROM", "TOLD", "WHY"),
              addresses.stream()
                  .map(a ->
                      List.of(
                          a.address(),
                          a.state(),
                          String.join(", ", a.origins())
                              + (a.seenBy() > 0
                                  ? " ("
                                      + a.seenBy()
                                      + (a.seenBy() == 1 ? " network)" : " networks)")
                                  : ""),
                          a.announced() ? "yes" : "no",
                          a.reason()))
                  .toList());
      cis.screen().line("");
    }

    private int exit(Result.Reachability answer) {
      if (known) {
        return answer.addresses().stream().anyMatch(a -> a.state().equals("public"))
            ? 0
            : UNREACHABLE;
      }
      long reached = answer.anchors().stream().filter(a -> "reached".equals(a.verdict())).count();
      if (reached == 0) {
        return UNREACHABLE;
      }
      return reached == answer.anchors().size() ? 0 : PARTLY;
    }
  }
}

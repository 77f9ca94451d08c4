package dev.cis.cli;

import dev.cis.api.Netcheck;
import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.node.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code cis p2p netcheck}. */
@Command(
    description = {
      "How the network treats this node: UDP, address translation, outside addresses, anchors,"
          + " clock.",
      "Takes 5 to 10 seconds. Without a daemon a socket of its own is used."
    },
    footer = {
      "",
      "Examples:",
      "  cis p2p netcheck",
      "  cis p2p netcheck --stun stun.example.org:3478",
      "  cis p2p netcheck --json | jq -r .meaning"
    })
final class NetcheckCommand implements Callable<Integer> {
  private static final int UNREACHABLE = 6;
  private static final long LARGE_SKEW = 5_000;

  private final Cis cis;

  @Option(
      names = "--stun",
      paramLabel = "HOST:PORT",
      description = "STUN server to ask, can be repeated (default: nat.stun, else the anchors)")
  private List<String> stun = List.of();

  NetcheckCommand(Cis cis) {
    this.cis = cis;
  }

  @Override
  public Integer call() throws InterruptedException {
    var screen = cis.screen();
    boolean running = cis.client().isRunning();
    if (!running) {
      screen.note(
          "no daemon is running for "
              + cis.home()
              + ": checking from another port, without anchors and clock");
    }
    var found =
        running
            ? cis.client().call(new Request.Netcheck(stun), Result.Netcheck.class)
            : Netcheck.alone(
                Settings.read(cis.home().config(), cis.environment(), Map.of()).config(), stun);
    if (cis.json()) {
      screen.json(found);
    } else {
      show(found);
    }
    return found.udp().equals("yes") ? 0 : UNREACHABLE;
  }

  private void show(Result.Netcheck found) {
    var screen = cis.screen();
    var fields = new ArrayList<String>();
    fields.addAll(List.of("udp", found.udp()));
    for (var family : found.families()) {
      fields.addAll(List.of(family.family(), outside(family)));
      fields.addAll(List.of("  mapping", family.mapping() + " (" + family.mappingWhy() + ")"));
      fields.addAll(
          List.of("  filtering", family.filtering() + " (" + family.filteringWhy() + ")"));
    }
    fields.addAll(List.of("port mapping", P2pCommands.mapping(found.mappings())));
    fields.addAll(List.of("clock", clock(found.clockAheadMillis())));
    screen.fields(fields.toArray(String[]::new));
    if (!found.servers().isEmpty()) {
      screen.line("");
      screen.table(
          List.of("STUN SERVER", "SEES US AT", "RTT", "NOTE"),
          found.servers().stream().map(NetcheckCommand::row).toList());
    }
    if (!found.anchors().isEmpty()) {
      screen.line("");
      screen.table(
          List.of("ANCHOR", "ADDRESS", "PATH", "RTT", "CLOCK"),
          found.anchors().stream().map(this::row).toList());
    }
    screen.line("");
    screen.line(found.meaning());
  }

  private static String outside(Result.NetcheckFamily family) {
    if (family.external().isEmpty()) {
      return "no answer from any server";
    }
    return String.join(", ", family.external())
        + (Boolean.TRUE.equals(family.translated()) ? "" : " (our own)");
  }

  private static String clock(@org.jspecify.annotations.Nullable Long ahead) {
    if (ahead == null) {
      return "not compared: no anchor is connected";
    }
    var much = Math.abs(ahead) > LARGE_SKEW ? ": set the clock of this machine" : "";
    return "the anchors are "
        + Math.abs(ahead)
        + " ms "
        + (ahead < 0 ? "behind" : "ahead of")
        + " this machine"
        + much;
  }

  private static List<String> row(Result.NetcheckServer server) {
    var note =
        server.failure() != null
            ? server.failure()
            : server.second() == null ? "" : "answers also from " + server.second();
    var address = server.address();
    return List.of(
        address == null || address.equals(server.server())
            ? server.server()
            : server.server() + " (" + address + ")",
        Screen.orDash(server.external()),
        Screen.millis(server.rttMillis()),
        Objects.requireNonNullElse(note, ""));
  }

  private List<String> row(Result.NetcheckAnchor anchor) {
    var ahead = anchor.clockAheadMillis();
    var error = Objects.requireNonNullElse(anchor.clockErrorMillis(), 0L);
    return List.of(
        cis.screen().foreign(anchor.name()),
        anchor.address(),
        anchor.path(),
        Screen.millis(anchor.rttMillis()),
        ahead == null
            ? cis.screen().foreign(Screen.orDash(anchor.failure()))
            : (ahead < 0 ? "" : "+") + ahead + " ms (within " + error + ")");
  }
}

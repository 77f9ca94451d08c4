package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

/** What the DHT of this node knows and did. */
@Command(
    description = "The routing table, the records kept for others, and what was refused.",
    footer = {
      "",
      "BUCKET is how many leading bits a node's id shares with that of this node.",
      "",
      "Examples:",
      "  cis dht table",
      "  cis dht table --json | jq .stores"
    })
final class DhtTableCommand implements Callable<Integer> {
  private final Cis cis;

  DhtTableCommand(Cis cis) {
    this.cis = cis;
  }

  @Override
  public Integer call() {
    var t = cis.client().call(new Request.DhtTable(), Result.DhtTable.class);
    if (cis.json()) {
      cis.screen().json(t);
      return 0;
    }
    int gone = t.contacts().size() - t.live();
    cis.screen()
        .fields(
            "mode", t.mode(),
            "nodes", t.live() + " live, " + gone + " gone, " + t.waiting() + " waiting",
            "keeps", t.kept() + " records of others, " + Screen.size(t.keptBytes()),
            "publishes", t.published() + " values and namespaces",
            "requests",
                t.requests() + " sent, " + t.answered() + " answered, " + t.failed() + " failed",
            "served", t.served() + " requests of others, " + t.malformed() + " malformed",
            "refused", t.badAnswers() + " answers, " + t.rejectedRecords() + " records in answers",
            "stores", stores(t));
    if (!t.contacts().isEmpty()) {
      cis.screen().line("");
      cis.screen()
          .table(
              List.of("BUCKET", "NODE", "NAME", "STATE", "RTT", "HEARD", "ADDRESSES"),
              t.contacts().stream().map(this::row).toList());
    }
    return 0;
  }

  private static String stores(Result.DhtTable t) {
    return t.stores().entrySet().stream()
        .filter(e -> e.getValue() > 0 || e.getKey().equals("kept"))
        .map(e -> e.getValue() + " " + e.getKey())
        .collect(Collectors.joining(", "));
  }

  private List<String> row(Result.DhtContact c) {
    return List.of(
        String.valueOf(c.bucket()),
        Screen.brief(c.node()),
        Screen.orDash(cis.screen().foreign(c.name())),
        c.live() ? (c.failures() == 0 ? "live" : "failing " + c.failures()) : "gone",
        Screen.millis(c.rttMillis()),
        Screen.seconds(c.silentSeconds()) + " ago",
        String.join(" ", c.addresses()));
  }
}

package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Who is let in by name. With and without a daemon. */
final class AccessCommands {
  private static final String NODE = "a NodeId; while the daemon runs also a name or DID";

  private AccessCommands() {}

  @Command(
      description = {
        "Who is allowed and denied by name, whatever realm it proves.",
        "Entries of config.toml are changed there, the others with 'cis p2p allow' and 'deny'."
      })
  static final class Listing implements Callable<Integer> {
    private final Cis cis;

    Listing(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var lists = RealmCommands.ask(cis, new Request.AccessList(), Result.AccessLists.class);
      if (cis.json()) {
        cis.screen().json(lists);
        return 0;
      }
      var rows = new ArrayList<List<String>>();
      lists.allowed().forEach(entry -> rows.add(row("allowed", entry)));
      lists.denied().forEach(entry -> rows.add(row("denied", entry)));
      if (!rows.isEmpty()) {
        cis.screen().table(List.of("LIST", "NODE", "NAME", "SET BY"), rows);
      }
      cis.screen()
          .note(
              lists.only()
                  ? "nobody else than those allowed is let in, and deny wins"
                  : "everybody is let in who proves a realm and is not denied");
      return 0;
    }

    private static List<String> row(String list, Result.AccessEntry entry) {
      return List.of(
          list, entry.node(), entry.name(), entry.configured() ? "config.toml" : "command");
    }
  }

  @Command(
      description = {
        "Let a node in that was denied; where only some are allowed, it becomes one of them.",
        "Takes effect at once and is kept."
      },
      footer = {
        "",
        "Examples:",
        "  cis p2p allow bob               bob is not denied any more",
        "  cis p2p allow bob --only        nobody else than bob, and others allowed before",
        "  cis p2p allow --everyone        end the list of those who alone are allowed"
      })
  static final class Allow implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "NODE", arity = "0..1", description = NODE)
    private @Nullable String node;

    @Option(names = "--only", description = "shut out everybody who is not allowed by name")
    private boolean only;

    @Option(names = "--everyone", description = "shut out only those who are denied")
    private boolean everyone;

    Allow(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      if (everyone == (node != null) || (everyone && only)) {
        throw new Fault(CliCode.USAGE, "say a NODE, or --everyone alone");
      }
      return RealmCommands.done(cis, new Request.Allow(node, only));
    }
  }

  @Command(
      description = {
        "Shut a node out of this node whatever it proves: its connection ends at once, and it",
        "stays out until 'cis p2p allow'. To shut it out of a realm: 'cis p2p realm revoke'."
      })
  static final class Deny implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "NODE", description = NODE)
    private String node = "";

    Deny(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      return RealmCommands.done(cis, new Request.Deny(node));
    }
  }
}

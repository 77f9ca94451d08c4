package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How much travels, and how much may. */
final class BandwidthCommands {
  private BandwidthCommands() {}

  @Command(
      description = "What travels with whom and for what, and the limits on it.",
      footer = {
        "",
        "Rates are averages over about a second and about a minute, of the bytes on streams.",
        "Examples:",
        "  cis p2p bandwidth",
        "  cis p2p bandwidth limit --out 5MB/s",
        "  cis p2p bandwidth limit --protocol /cis/sys/blobs --in 20MiB --out 1MiB"
      })
  static final class Show implements Callable<Integer> {
    private final Cis cis;

    Show(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var b = cis.client().call(new Request.Bandwidth(), Result.Bandwidth.class);
      if (cis.json()) {
        cis.screen().json(b);
        return 0;
      }
      var rows = new ArrayList<List<String>>();
      rows.add(row(b.all(), "all", ""));
      b.peers().forEach(p -> rows.add(row(p, p.name(), Screen.brief(p.node()))));
      b.protocols().forEach(p -> rows.add(row(p, p.name(), Screen.orDash(p.priority()))));
      cis.screen()
          .table(
              List.of(
                  "WHAT",
                  "",
                  "IN/S",
                  "IN/S 1 MIN",
                  "IN",
                  "LIMIT",
                  "OUT/S",
                  "OUT/S 1 MIN",
                  "OUT",
                  "LIMIT"),
              rows);
      return 0;
    }

    private static List<String> row(Result.Usage use, String name, String note) {
      return List.of(
          name,
          note,
          Screen.size(Math.round(use.inSecond())),
          Screen.size(Math.round(use.inMinute())),
          Screen.size(use.inTotal()),
          limit(use.inLimit()),
          Screen.size(Math.round(use.outSecond())),
          Screen.size(Math.round(use.outMinute())),
          Screen.size(use.outTotal()),
          limit(use.outLimit()));
    }

    private static String limit(@Nullable Long rate) {
      return rate == null ? "-" : Screen.size(rate) + "/s";
    }
  }

  @Command(
      description = {
        "Change limits while the node runs; they hold until it stops.",
        "Lasting limits are set in config.toml: bandwidth_in, bandwidth_out, peer_bandwidth_in,",
        "peer_bandwidth_out and protocol_bandwidth under [transport]."
      },
      footer = {
        "",
        "A RATE is bytes a second: 200000, 64KiB, 5MB/s; 0 or unlimited lifts a limit.",
        "Greetings, pings and the DHT never wait for a limit, but count in it."
      })
  static final class Limit implements Callable<Integer> {
    private final Cis cis;

    @Option(names = "--peer", paramLabel = "NODE", description = "of one peer")
    private @Nullable String peer;

    @Option(
        names = "--protocol",
        paramLabel = "PROTOCOL",
        description = "of one protocol, such as /cis/sys/blobs")
    private @Nullable String protocol;

    @Option(names = "--in", paramLabel = "RATE", description = "what is received")
    private @Nullable String in;

    @Option(names = "--out", paramLabel = "RATE", description = "what is sent")
    private @Nullable String out;

    Limit(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      return P2pCommands.done(cis, new Request.BandwidthLimit(peer, protocol, in, out));
    }
  }
}

package dev.cis.cli;

import dev.cis.node.Settings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code cis p2p start}. */
@Command(
    description = "Start the node in the background; returns when it is ready.",
    footer = {
      "",
      "Examples:",
      "  cis p2p start                                 finds other nodes on this network",
      "  cis p2p start --bootstrap lab.example.org     joins others over the internet",
      "  cis p2p start --anchor                        serves others, on a public address",
      "  cis p2p start --listen 0.0.0.0:7678 --foreground"
    })
final class StartCommand implements Callable<Integer> {
  private final Cis cis;

  @Option(
      names = "--listen",
      split = ",",
      paramLabel = "ADDR",
      description = "addresses to bind: host:port, host or :port; port 0 takes a free one")
  private List<String> listen = new ArrayList<>();

  @Option(names = "--dht", negatable = true, description = "find peers through the DHT, or not")
  private @Nullable Boolean dht;

  @Option(
      names = "--dht-mode",
      paramLabel = "MODE",
      description = "client, server, auto or lan; implies --dht")
  private @Nullable String dhtMode;

  @Option(
      names = "--bootstrap",
      split = ",",
      paramLabel = "NODE",
      description = "peers to try first: host:port or NODE@host:port")
  private List<String> bootstrap = new ArrayList<>();

  @Option(
      names = "--external",
      split = ",",
      paramLabel = "ADDR",
      description = "address at which others reach this node")
  private List<String> external = new ArrayList<>();

  @Option(names = "--no-mdns", description = "do not announce or look on the local network")
  private boolean noMdns;

  @Option(
      names = "--anchor",
      description =
          "serve others on a public address: meeting places, STUN, dial-back; limits for thousands")
  private boolean anchor;

  @Option(names = "--foreground", description = "stay in the foreground, for service managers")
  private boolean foreground;

  StartCommand(Cis cis) {
    this.cis = cis;
  }

  @Override
  public Integer call() throws InterruptedException {
    var options = options();
    // Bad values are refused here, before a process is started.
    var settings = Settings.read(cis.home().config(), cis.environment(), options);
    var config = settings.config();
    if (foreground) {
      return Daemon.run(cis, config);
    }
    return DaemonProcess.start(cis, options, config.p2p().anchor());
  }

  private Map<String, String> options() {
    var options = new LinkedHashMap<String, String>();
    if (!listen.isEmpty()) {
      options.put("p2p.listen", String.join(",", listen));
    }
    if (dht != null) {
      options.put("p2p.enable_dht", dht.toString());
    }
    if (dhtMode != null) {
      options.put("p2p.enable_dht", "true");
      options.put("p2p.dht_mode", dhtMode);
    }
    if (!bootstrap.isEmpty()) {
      options.put("p2p.bootstrap.nodes", String.join(",", bootstrap));
    }
    if (!external.isEmpty()) {
      options.put("p2p.external_address", String.join(",", external));
    }
    if (anchor) {
      options.put("p2p.anchor", "true");
    }
    if (noMdns) {
      options.put("p2p.enable_mdns", "false");
    }
    return options;
  }

  /** The options again, for the process in the background. */
  static List<String> words(Map<String, String> options) {
    var words = new ArrayList<String>(List.of("p2p", "start", "--foreground"));
    options.forEach((key, value) -> {
      switch (key) {
        case "p2p.listen" -> words.addAll(List.of("--listen", value));
        case "p2p.enable_dht" -> words.add(value.equals("true") ? "--dht" : "--no-dht");
        case "p2p.dht_mode" -> words.addAll(List.of("--dht-mode", value));
        case "p2p.bootstrap.nodes" -> words.addAll(List.of("--bootstrap", value));
        case "p2p.external_address" -> words.addAll(List.of("--external", value));
        case "p2p.anchor" -> words.add("--anchor");
        case "p2p.enable_mdns" -> words.add("--no-mdns");
        default -> throw new IllegalArgumentException(key);
      }
    });
    return words;
  }
}

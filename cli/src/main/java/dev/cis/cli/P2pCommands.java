package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code cis p2p} does with a running daemon. */
final class P2pCommands {
  static final String NODE = "a NodeId, a unique prefix of one, a name, or a DID";

  private P2pCommands() {}

  @Command(description = "Stop the daemon and wait until it has ended.")
  static final class Stop implements Callable<Integer> {
    private final Cis cis;

    Stop(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() throws InterruptedException {
      DaemonProcess.stop(cis);
      return 0;
    }
  }

  @Command(description = "How the node is.")
  static final class Status implements Callable<Integer> {
    private final Cis cis;

    Status(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var s = cis.client().call(new Request.Status(), Result.Status.class);
      if (cis.json()) {
        cis.screen().json(s);
        return 0;
      }
      cis.screen()
          .fields(
              "node", s.node(),
              "did", s.did(),
              "name", s.name(),
              "version", s.version(),
              "home", s.home(),
              "pid",
                  s.pid()
                      + ", up "
                      + Screen.seconds(s.uptimeSeconds())
                      + (s.rssBytes() > 0 ? ", " + Screen.size(s.rssBytes()) + " resident" : ""),
              "listen", String.join(" ", s.listen()),
              "addresses", String.join(" ", s.addresses()),
              "labels", Screen.labels(s.labels()),
              "realm", s.realm(),
              "peers", s.connected() + " connected, " + s.known() + " known",
              "dht", s.dht().equals("off") ? "off" : s.dht() + ", " + s.dhtNodes() + " nodes",
              "online", DiscoveryCommands.online(s),
              "discovery", DiscoveryCommands.sources(s),
              "mdns", s.mdns() ? "on, at " + s.mdnsAddresses() + " addresses" : "off",
              "anchor", DiscoveryCommands.anchor(s),
              "mapping", mapping(s.mappings()),
              "relays", relays(s),
              "memory", s.memoryItems() + " items",
              "apps", String.valueOf(s.apps()));
      return 0;
    }
  }

  /** By which relays it can be reached, and how it stands with TURN. */
  private static String relays(Result.Status s) {
    var by = s.relays().stream().map(Screen::brief).collect(Collectors.joining(" "));
    return (by.isEmpty() ? "none" : by) + (s.turn() == null ? "" : "; TURN: " + s.turn());
  }

  /** How the port stands at the routers. */
  static String mapping(List<Result.PortMapping> mappings) {
    var words = new ArrayList<String>();
    for (var m : mappings) {
      words.add(
          m.external() == null
              ? m.state() + " at " + m.gateway() + (m.reason().isEmpty() ? "" : ": " + m.reason())
              : m.protocol()
                  + " "
                  + m.external()
                  + (m.announced() ? "" : " (not announced: " + m.reason() + ")")
                  + ", lease "
                  + Screen.seconds(m.leaseSeconds()));
    }
    return words.isEmpty() ? "none" : String.join("; ", words);
  }

  @Command(description = "Who is known: connected peers first.")
  static final class Peers implements Callable<Integer> {
    private final Cis cis;

    @Option(
        names = {"-v", "--verbose"},
        description = "ids, addresses, traffic, failures, and the latest connections that ended")
    private boolean verbose;

    @Option(names = "--connected", description = "only peers with a live connection")
    private boolean connected;

    @Option(names = "--discovered", description = "only what discovery found, answered or not")
    private boolean discovered;

    Peers(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var answer = cis.client().call(new Request.Peers(connected, discovered), Result.Peers.class);
      if (cis.json()) {
        cis.screen().json(answer);
      } else if (answer.peers().isEmpty() && !(verbose && !answer.ended().isEmpty())) {
        cis.screen()
            .note(
                "no peers yet: nodes on this network are found by themselves, others with"
                    + " 'cis p2p connect HOST:PORT'");
      } else if (verbose) {
        answer.peers().forEach(this::show);
        showEnded(answer.ended());
      } else {
        cis.screen()
            .table(
                List.of("NODE", "NAME", "PATH", "RTT", "LABELS", "SEEN"),
                answer.peers().stream()
                    .map(p ->
                        List.of(
                            Screen.brief(p.node()),
                            Screen.orDash(p.name()),
                            p.refused() ? "refused" : Screen.orDash(p.path()),
                            Screen.millis(p.rttMillis()),
                            Screen.labels(p.labels()),
                            p.connected() ? "now" : Screen.ago(p.seen())))
                    .toList());
      }
      return 0;
    }

    private void showEnded(List<Result.ConnectionEnd> ended) {
      if (!ended.isEmpty()) {
        cis.screen().line("");
        cis.screen()
            .table(
                List.of("CONNECTION ENDED", "NODE", "NAME", "BY", "CODE", "REASON"),
                ended.stream()
                    .map(e ->
                        List.of(
                            Screen.ago(e.at()),
                            Screen.brief(e.node()),
                            e.name(),
                            e.how(),
                            e.code() == null ? "-" : String.valueOf(e.code()),
                            cis.screen().foreign(e.reason())))
                    .toList());
      }
    }

    private void show(Result.Peer p) {
      cis.screen()
          .fields(
              "node", Screen.orDash(p.node()),
              "  name", Screen.orDash(p.name()),
              "  connected",
                  p.connected()
                      ? p.path()
                          + ", "
                          + p.direction()
                          + " at "
                          + p.address()
                          + " since "
                          + Screen.ago(p.since())
                      : "no" + (p.failure() == null ? "" : ": " + p.failure()),
              "  rtt", Screen.millis(p.rttMillis()),
              "  addresses", String.join(" ", p.addresses()),
              "  labels", Screen.labels(p.labels()),
              "  source", Screen.orDash(p.source()) + (p.manual() ? ", added by hand" : ""),
              "  seen", p.connected() ? "now" : Screen.ago(p.seen()),
              "  traffic",
                  Screen.size(p.bytesSent())
                      + " sent, "
                      + Screen.size(p.bytesReceived())
                      + " received, "
                      + p.streams()
                      + " streams open");
    }
  }

  @Command(
      description = "What others use of this node, and how often a limit refused something.",
      footer = {
        "",
        "PEAK and REFUSED count from the start of the daemon. A limit per peer or address shows",
        "the busiest. Change one with its KEY in config.toml."
      })
  static final class Limits implements Callable<Integer> {
    private final Cis cis;

    Limits(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var answer = cis.client().call(new Request.Limits(), Result.Limits.class);
      if (cis.json()) {
        cis.screen().json(answer);
        return 0;
      }
      cis.screen()
          .table(
              List.of("KEY", "LIMIT", "USED", "PEAK", "REFUSED", "WHAT"),
              answer.limits().stream()
                  .map(l ->
                      List.of(
                          l.key(),
                          l.limit() == null ? "none" : amount(l.limit(), l.unit()),
                          amount(l.used(), l.unit()),
                          amount(l.peak(), l.unit()),
                          String.valueOf(l.refused()),
                          l.name() + (l.busiest() == null ? "" : ": " + l.busiest())))
                  .toList());
      return 0;
    }

    private static String amount(long value, String unit) {
      return unit.equals("bytes") ? Screen.size(value) : String.valueOf(value);
    }
  }

  @Command(description = "Connect to a peer.")
  static final class Connect implements Callable<Integer> {
    private final Cis cis;

    @Parameters(
        paramLabel = "ADDRESS",
        description = "host:port, NODE@host:port, did:cis:...@host:port, or a NODE to be found")
    private String address = "";

    Connect(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var peer = cis.client().call(new Request.Connect(address), Result.Connected.class).peer();
      if (cis.json()) {
        cis.screen().json(peer);
      } else {
        cis.screen()
            .line("connected to " + peer.name() + " (" + peer.node() + ") at " + peer.address());
      }
      return 0;
    }
  }

  @Command(description = "End the connection to a peer; it is not dialled again until you ask.")
  static final class Disconnect implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "NODE", description = NODE)
    private String node = "";

    Disconnect(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      return done(cis, new Request.Disconnect(node));
    }
  }

  @Command(description = "Add a peer by hand: it is kept connected and remembered.")
  static final class AddPeer implements Callable<Integer> {
    private final Cis cis;

    @Parameters(index = "0", paramLabel = "NODE", description = "its NodeId, or a name for it")
    private String node = "";

    @Parameters(index = "1", paramLabel = "ADDRESS", description = "host:port")
    private String address = "";

    @Option(names = "--did", paramLabel = "DID", description = "an alias to pin to its key")
    private @Nullable String did;

    AddPeer(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      return done(cis, new Request.AddPeer(node, address, did));
    }
  }

  @Command(description = "Forget a peer.")
  static final class RemovePeer implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "NODE", description = NODE)
    private String node = "";

    RemovePeer(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      return done(cis, new Request.RemovePeer(node));
    }
  }

  @Command(
      description = "Tell a topic; says how many peers took the message.",
      footer = {"", "Example:", "  cis p2p broadcast news 'Hello, network!'"})
  static final class Broadcast implements Callable<Integer> {
    private final Cis cis;

    @Parameters(index = "0", paramLabel = "TOPIC")
    private String topic = "";

    @Parameters(index = "1", paramLabel = "MESSAGE")
    private String message = "";

    @Option(names = "--ttl", paramLabel = "N", description = "hops at most (default: by size)")
    private int ttl;

    @Option(
        names = "--probability",
        paramLabel = "P",
        description = "share of links that a node forwards on, 0 to 1 (default: 1)")
    private double probability;

    @Option(
        names = "--wait",
        paramLabel = "SECONDS",
        description = "wait so long for a first peer when there is none")
    private double wait;

    Broadcast(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var p =
          cis.client()
              .call(
                  new Request.Broadcast(topic, message, ttl, probability, Math.round(wait * 1000)),
                  Result.Published.class);
      if (cis.json()) {
        cis.screen().json(p);
      } else if (p.peers() == 0) {
        cis.screen().note("nobody took it: no peer is connected (see 'cis p2p peers')");
      } else {
        cis.screen()
            .line("told " + p.peers() + (p.peers() == 1 ? " peer" : " peers") + ", id " + p.id());
      }
      return p.peers() == 0 ? 6 : 0;
    }
  }

  @Command(description = "Print the messages of a topic as they come, until Ctrl-C.")
  static final class Subscribe implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "TOPIC")
    private String topic = "";

    @Option(
        names = {"-n", "--count"},
        paramLabel = "N",
        description = "end after N messages")
    private int count = Integer.MAX_VALUE;

    private int heard;

    Subscribe(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      cis.screen().note("listening to '" + topic + "' (Ctrl-C ends)");
      try {
        var _ =
            cis.client().stream(
                new Request.Subscribe(topic), Result.Heard.class, this::show, Result.Done.class);
      } catch (Enough e) {
        return 0;
      }
      return 0;
    }

    private void show(Result.Heard m) {
      if (cis.json()) {
        cis.screen().json(m);
      } else {
        var text = m.text() != null ? cis.screen().foreign(m.text()) : "base64 " + m.base64();
        cis.screen()
            .line(
                m.authorName()
                    + " ("
                    + m.hops()
                    + (m.hops() == 1 ? " hop" : " hops")
                    + "): "
                    + text);
      }
      if (++heard >= count) {
        throw new Enough();
      }
    }
  }

  @Command(description = "Synchronise memory now.")
  static final class SyncNow implements Callable<Integer> {
    private final Cis cis;

    @Option(names = "--node", paramLabel = "NODE", description = "with this peer only")
    private @Nullable String node;

    @Option(names = "--full", description = "compare everything")
    private boolean full;

    SyncNow(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var e = cis.client().call(new Request.Sync(node, full), Result.Exchanges.class).exchanges();
      if (cis.json()) {
        cis.screen().json(new Result.Exchanges(e));
      } else if (e.isEmpty()) {
        cis.screen().note("no peer is connected: nothing to synchronise with");
      } else {
        cis.screen()
            .table(
                List.of("NODE", "NAME", "RECEIVED", "SENT", "BYTES", "TOOK", "RESULT"),
                e.stream()
                    .map(x ->
                        List.of(
                            Screen.brief(x.node()),
                            x.name(),
                            String.valueOf(x.received()),
                            String.valueOf(x.sent()),
                            Screen.size(x.bytesReceived() + x.bytesSent()),
                            Screen.millis(x.millis()),
                            x.failure() == null ? "ok" : x.failure()))
                    .toList());
      }
      long failures = e.stream().filter(x -> x.failure() != null).count();
      return failures == 0 ? 0 : failures == e.size() ? 6 : 3;
    }
  }

  @Command(description = "How the memory stands with each peer.")
  static final class SyncStatus implements Callable<Integer> {
    private final Cis cis;

    SyncStatus(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var s = cis.client().call(new Request.SyncStatus(), Result.SyncState.class);
      if (cis.json()) {
        cis.screen().json(s);
        return 0;
      }
      cis.screen()
          .line(
              s.live()
                  + " items, "
                  + s.tombstones()
                  + " tombstones, "
                  + s.conflicts()
                  + " conflicts, "
                  + s.refused()
                  + " refused");
      if (!s.peers().isEmpty()) {
        cis.screen()
            .table(
                List.of("NODE", "NAME", "LAST", "BEHIND", "RESULT"),
                s.peers().stream()
                    .map(p ->
                        List.of(
                            Screen.brief(p.node()),
                            p.name(),
                            Screen.ago(p.lastExchange()),
                            String.valueOf(p.behind()),
                            p.failure() == null ? "ok" : p.failure()))
                    .toList());
      }
      return 0;
    }
  }

  /** Thrown out of a stream to end it. */
  static final class Enough extends RuntimeException {
    Enough() {
      super(null, null, false, false);
    }
  }

  static int done(Cis cis, Request request) {
    return done(cis, cis.client().call(request, Result.Done.class));
  }

  static int done(Cis cis, Result.Done done) {
    if (cis.json()) {
      cis.screen().json(done);
    } else {
      cis.screen().line(done.message());
    }
    return 0;
  }
}

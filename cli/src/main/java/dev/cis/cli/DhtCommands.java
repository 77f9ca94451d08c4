package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.identity.Did;
import dev.cis.kernel.identity.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What is in the DHT: nodes, who provides a namespace, values. */
final class DhtCommands {
  private DhtCommands() {}

  @Command(
      description = "Find a node, or who provides a namespace, through the DHT.",
      footer = {
        "",
        "Examples:",
        "  cis p2p find jq6aqodb...             a whole NodeId, or did:cis:...",
        "  cis p2p find cameras                 members of the realm that provide it"
      })
  static final class Find implements Callable<Integer> {
    private final Cis cis;

    @Parameters(
        paramLabel = "NODE|NAMESPACE",
        description = "a whole NodeId or its DID; anything else is a namespace")
    private String what = "";

    Find(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      boolean isNode = Did.isDid(what) || NodeId.isNodeId(what);
      return isNode ? node() : namespace();
    }

    private int node() {
      var l = cis.client().call(new Request.Find(what), Result.Located.class);
      if (cis.json()) {
        cis.screen().json(l);
      } else {
        cis.screen()
            .fields(
                "node", l.node(),
                "name", Screen.orDash(cis.screen().foreign(l.name())),
                "addresses", String.join(" ", l.addresses()),
                "labels", Screen.labels(l.labels()));
      }
      return 0;
    }

    private int namespace() {
      var found = cis.client().call(new Request.FindProviders(what), Result.Providers.class);
      if (cis.json()) {
        cis.screen().json(found);
      } else {
        cis.screen()
            .table(
                List.of("NODE", "NAME", "LABELS", "ADDRESSES"),
                found.providers().stream().map(this::row).toList());
      }
      return 0;
    }

    private List<String> row(Result.Located l) {
      return List.of(
          l.node(),
          Screen.orDash(cis.screen().foreign(l.name())),
          Screen.labels(l.labels()),
          String.join(" ", l.addresses()));
    }
  }

  @Command(
      description = "Print a value out of the DHT; its hash or signature was verified.",
      footer = {"", "Examples:", "  cis dht get 4q7l..."})
  static final class Get implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "KEY", description = "what 'cis dht put' printed: 52 characters")
    private String key = "";

    Get(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var v = cis.client().call(new Request.DhtGet(key), Result.DhtValue.class);
      if (cis.json()) {
        cis.screen().json(v);
      } else if (v.value() != null) {
        cis.screen().line(cis.screen().foreign(v.value()));
      } else {
        byte[] bytes = Base64.getDecoder().decode(v.base64());
        cis.screen().out.write(bytes, 0, bytes.length);
        cis.screen().out.flush();
      }
      if (!cis.json() && v.author() != null) {
        cis.screen().note("by " + v.author() + ", sequence " + v.sequence());
      }
      return 0;
    }
  }

  @Command(
      description = "Put a value of at most 1,000 bytes into the DHT, and print its key.",
      footer = {
        "",
        "Without --mutable the key is the hash of the value. With it the value is signed by this",
        "node and may be changed later; the one with the highest sequence counts. This node puts",
        "it again every hour; others keep it for 24 hours.",
        "",
        "Examples:",
        "  cis dht put 'hello'",
        "  cis dht put --mutable --salt status 'up'         one more than the sequence there",
        "  cis dht put --mutable --salt status --if-seq 7 'down'   only over sequence 7"
      })
  static final class Put implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "VALUE", description = "text, or - for standard input")
    private String value = "";

    @Option(names = "--mutable", description = "sign it, so that it can be changed")
    private boolean mutable;

    @Option(
        names = "--salt",
        paramLabel = "SALT",
        description = "tells several mutable values of this node apart; at most 64 bytes")
    private @Nullable String salt;

    @Option(
        names = "--seq",
        paramLabel = "N",
        description = "sequence, 1 or more (default: one more than that of the value there)")
    private @Nullable Long sequence;

    @Option(
        names = "--if-seq",
        paramLabel = "N",
        description = "compare and swap: fail unless the value there has this sequence")
    private @Nullable Long expected;

    Put(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() throws IOException {
      var text = value;
      boolean base64 = false;
      if (value.equals("-")) {
        byte[] bytes = System.in.readAllBytes();
        try {
          text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
          text = Base64.getEncoder().encodeToString(bytes);
          base64 = true;
        }
      }
      var request = new Request.DhtPut(text, base64, mutable, salt, sequence, expected);
      var stored = cis.client().call(request, Result.DhtStored.class);
      if (cis.json()) {
        cis.screen().json(stored);
      } else {
        cis.screen().line(stored.key());
        cis.screen()
            .note(
                "kept by "
                    + stored.nodes()
                    + (stored.nodes() == 1 ? " node" : " nodes")
                    + (stored.sequence() == null ? "" : ", sequence " + stored.sequence()));
      }
      return 0;
    }
  }

  @Command(
      description = "Say to members of the realm that this node provides a namespace.",
      footer = {
        "",
        "Others find it with 'cis p2p find NAMESPACE'. It is said again every 12 hours, also after",
        "a restart, until it is withdrawn; a restart forgets --for.",
        "",
        "Examples:",
        "  cis dht provide cameras",
        "  cis dht provide cameras --for 8h",
        "  cis dht provide cameras --withdraw"
      })
  static final class Provide implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "NAMESPACE", description = "any name, at most 256 bytes")
    private String namespace = "";

    @Option(
        names = "--for",
        paramLabel = "D",
        description = "how long: 30m, 12h, 7d (default: until it is withdrawn)")
    private @Nullable String duration;

    @Option(names = "--withdraw", description = "say it no more")
    private boolean withdraw;

    Provide(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      if (withdraw) {
        return P2pCommands.done(cis, new Request.DhtWithdraw(namespace));
      }
      long seconds = duration == null ? 0 : RealmCommands.seconds("--for", duration);
      var request = new Request.DhtProvide(namespace, seconds);
      var provided = cis.client().call(request, Result.DhtProvided.class);
      if (cis.json()) {
        cis.screen().json(provided);
      } else {
        cis.screen().line(provided.key());
        cis.screen()
            .note(
                (provided.nodes() == 0
                        ? "nobody keeps it yet; it is said as soon as somebody is there"
                        : "kept by " + provided.nodes() + " nodes")
                    + (provided.until() == null ? "" : ", until " + provided.until()));
      }
      return 0;
    }
  }
}

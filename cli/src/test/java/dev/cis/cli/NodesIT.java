package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real daemons, driven through the real launcher as a user would. */
@Tag("e2e")
class NodesIT {
  private static final Duration SOON = Duration.ofMinutes(1);

  @TempDir Path homes;
  private final List<Terminal> started = new ArrayList<>();
  private String invitation = "";

  @AfterEach
  void stopAll() {
    for (var terminal : started) {
      terminal.run(
          "app", "remove", "hello", "--node", terminal.home().getFileName().toString(), "--yes");
      terminal.run("p2p", "stop");
    }
  }

  /** A node in the realm of the first one. */
  private Terminal node(String name, String... more) {
    var terminal = init(name);
    start(terminal, more);
    return terminal;
  }

  /** A node that dials nobody but its bootstrap list. */
  private Terminal quiet(String name, String... more) throws IOException {
    var terminal = init(name);
    configure(terminal, "\n[discovery]\nmin_peers = 0\n");
    start(terminal, more);
    return terminal;
  }

  private static void configure(Terminal terminal, String lines) throws IOException {
    Files.writeString(terminal.home().resolve("config.toml"), lines, StandardOpenOption.APPEND);
  }

  private Terminal init(String name) {
    var terminal = new Terminal(homes.resolve(name));
    var init = new ArrayList<>(List.of("init", "--name", name, "--label", "env=test"));
    if (!invitation.isEmpty()) {
      init.addAll(List.of("--join", invitation));
    }
    terminal.run(init.toArray(String[]::new)).succeeded();
    if (invitation.isEmpty()) {
      // Made before the node runs there is no address in it: how they meet is up to the test.
      invitation = terminal.run("p2p", "invite").succeeded().out().strip();
    }
    return terminal;
  }

  private void start(Terminal terminal, String... more) {
    started.add(terminal);
    var words = new ArrayList<>(List.of("p2p", "start", "--listen", "127.0.0.1:0", "--no-mdns"));
    words.addAll(List.of(more));
    terminal.run(words.toArray(String[]::new)).succeeded();
  }

  private static String address(Terminal terminal) {
    var listen = String.valueOf(terminal.json("p2p", "status").get("listen"));
    return listen.substring(1, listen.length() - 1);
  }

  @Test
  void twoNodesFindEachOtherTalkShareMemoryAndRunAnApplication() throws Exception {
    var one = node("one");
    var two = node("two", "--bootstrap", address(one));
    await().atMost(SOON).until(() -> one.connected().contains("two"));
    one.run("p2p", "ping", "two", "-c", "1").succeeded();
    one.run("p2p", "broadcast", "news", "hello", "--wait", "20").succeeded();

    one.run("memory", "set", "greeting", "hello").succeeded();
    await().atMost(SOON).until(() -> two.run("memory", "get", "greeting").out().contains("hello"));
    two.run("memory", "delete", "greeting").succeeded();
    await().atMost(SOON).until(() -> one.run("memory", "get", "greeting").exit() == 1);

    one.run("keys", "generate", "me").succeeded();
    var key = one.run("keys", "export", "me").succeeded().out().strip();
    two.run("keys", "trust", key, "--name", "me").succeeded();
    one.run("package", "init", homes.resolve("hello").toString()).succeeded();
    one.run("package", "build", homes.resolve("hello").toString(), "--output", homes.toString())
        .succeeded();
    var file = homes.resolve("hello-1.0.0.p2p");
    one.run("package", "sign", file.toString()).succeeded();
    one.run("p2p", "deploy", file.toString(), "--nodes", "two").succeeded();
    assertThat(Terminal.list(one.json("app", "list"), "apps"))
        .anySatisfy(app -> assertThat(app.get("phase")).isEqualTo("HEALTHY"));
    await()
        .atMost(SOON)
        .until(() -> one.run("logs", "hello", "--tail", "2").out().contains("hello"));

    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1200] ^= 1;
    Files.write(file, bytes);
    var refused = one.run("p2p", "deploy", file.toString(), "--nodes", "two");
    assertThat(refused.exit()).isNotZero();
    assertThat(refused.err()).contains("cis: ");
    one.run("p2p", "status").succeeded();
  }

  @Test
  void mistakesAreAnsweredAndTheNodeLivesOn() {
    var one = node("one");
    one.run("p2p", "start").failed(1);
    one.run("p2p", "stattus").failed(2);
    one.run("p2p", "ping", "nobody").failed(1);
    one.run("p2p", "connect", "not an address").failed(2);
    one.run("memory", "get", "nothing").failed(1);
    one.run("node", "label", "one", "bad label=x").failed(2);

    var other = new Terminal(homes.resolve("other"));
    other.run("p2p", "status").failed(6);
    other.run("p2p", "start").failed(1);
    other.run("init").succeeded();
    var taken = other.run("p2p", "start", "--no-mdns", "--listen", address(one)).failed(1);
    assertThat(taken.err()).contains("in use");
    one.run("p2p", "status").succeeded();
  }

  @Test
  void peersAreAddedFoundHeardLeftAndForgotten() throws Exception {
    var one = node("one", "--dht");
    var two = node("two", "--dht");
    var id = String.valueOf(two.json("p2p", "status").get("node"));

    var met = one.json("p2p", "connect", id + "@" + address(two));
    assertThat(met).containsEntry("node", id).containsEntry("name", "two");
    assertThat(one.run("p2p", "connect", "two@" + address(two)).failed(2).err())
        .contains("neither a NodeId of 52 characters nor a did:cis:");
    await().atMost(SOON).until(() -> two.connected().contains("one"));

    assertThat(one.json("p2p", "find", id)).containsEntry("node", id);
    two.run("memory", "set", "colour", "blue").succeeded();
    var exchanges = Terminal.list(one.json("p2p", "sync", "--full"), "exchanges");
    assertThat(exchanges)
        .singleElement()
        .satisfies(e -> assertThat(e).containsEntry("name", "two").doesNotContainKey("failure"));
    assertThat(one.run("memory", "get", "colour").succeeded().out()).contains("blue");

    var heard = homes.resolve("heard");
    var listening = two.start(heard, "p2p", "subscribe", "news", "-n", "1");
    await().atMost(SOON).until(() -> Files.readString(heard).contains("listening"));
    // The listener says so before the daemon has taken the subscription: told until heard.
    await()
        .atMost(SOON)
        .until(() -> {
          one.run("p2p", "broadcast", "news", "hello");
          return !listening.isAlive();
        });
    assertThat(listening.exitValue()).isZero();
    assertThat(Files.readString(heard)).contains("one (1 hop): hello");

    one.run("p2p", "disconnect", "two").succeeded();
    await().atMost(SOON).until(() -> two.connected().isEmpty());
    // Both have too few peers, and look for more now; each knows the other's address.
    two.run("p2p", "discover").succeeded();
    one.run("p2p", "discover").succeeded();
    await()
        .during(Duration.ofSeconds(2))
        .atMost(SOON)
        .until(() -> one.connected().isEmpty() && two.connected().isEmpty());
    assertThat(two.run("p2p", "peers", "--verbose").succeeded().out()).contains("peer dismissed");
    one.run("p2p", "disconnect", "two").failed(6);
    two.run("p2p", "connect", "one").succeeded();
    await().atMost(SOON).until(() -> one.connected().contains("two"));
    one.run("p2p", "disconnect", "two").succeeded();
    one.run("p2p", "add-peer", id, address(two)).succeeded();
    await().atMost(SOON).until(() -> one.connected().contains("two"));
    assertThat(Terminal.list(one.json("p2p", "peers"), "peers"))
        .singleElement()
        .satisfies(p -> assertThat(p).containsEntry("manual", true));
    one.run("p2p", "remove-peer", "two").succeeded();
    assertThat(one.run("p2p", "remove-peer", "two").failed(1).err()).contains("two");
  }

  @Test
  void theDhtTellsOfNodesNamespacesAndValuesAcrossAThirdNode() throws Exception {
    var hub = node("hub");
    var one = quiet("one", "--bootstrap", address(hub));
    var two = quiet("two", "--bootstrap", address(hub));
    await().atMost(SOON).until(() -> hub.connected().equals(List.of("one", "two")));
    var id = String.valueOf(two.json("p2p", "status").get("node"));

    await()
        .atMost(SOON)
        .until(() -> Terminal.list(one.json("dht", "table"), "contacts").size() >= 2);
    assertThat(one.run("dht", "table").succeeded().out())
        .contains("mode", "BUCKET", "hub", "0 malformed");

    assertThat(two.json("dht", "provide", "cameras", "--for", "1h")).containsKey("until");
    await().atMost(SOON).until(() -> one.run("p2p", "find", "cameras").exit() == 0);
    assertThat(Terminal.list(one.json("p2p", "find", "cameras"), "providers"))
        .singleElement()
        .satisfies(p -> assertThat(p).containsEntry("node", id).containsEntry("name", "two"));
    assertThat(one.run("p2p", "find", "nothing").failed(1).err()).contains("'nothing'");
    one.run("dht", "provide", "cameras", "--withdraw").failed(1);
    two.run("dht", "provide", "cameras", "--withdraw").succeeded();

    var key = one.run("dht", "put", "hello").succeeded().out().strip();
    assertThat(two.run("dht", "get", key).succeeded().out().strip()).isEqualTo("hello");
    var first = one.json("dht", "put", "--mutable", "--salt", "state", "up");
    assertThat(first).containsEntry("sequence", 1);
    var second = one.json("dht", "put", "--mutable", "--salt", "state", "down");
    assertThat(second).containsEntry("sequence", 2).containsEntry("key", first.get("key"));
    assertThat(two.json("dht", "get", String.valueOf(first.get("key"))))
        .containsEntry("value", "down")
        .containsEntry("salt", "state")
        .containsEntry("authorName", "one");
    var late = one.run("dht", "put", "--mutable", "--salt", "state", "--if-seq", "1", "left");
    assertThat(late.failed(1).err()).contains("sequence");

    one.run("dht", "put", "x".repeat(1001)).failed(2);
    one.run("dht", "put", "--salt", "s", "x").failed(2);
    one.run("dht", "get", "no-key").failed(2);
    one.run("dht", "get", id).failed(1);
    one.run("p2p", "find", "a".repeat(52)).failed(1);

    one.run("p2p", "connect", "a".repeat(52)).failed(6);
  }

  @Test
  void aNodeOfWhichOnlyTheIdIsKnownIsConnectedThroughTheDht() throws Exception {
    var hub = node("hub");
    var one = init("one");
    // A client stands in nobody's table, and this one looks around once: nobody meets it by chance.
    configure(one, "\n[discovery]\nmin_peers = 0\n");
    configure(one, "\n[dht]\nhungry_every = \"1h\"\nself_lookup_every = \"1h\"\n");
    start(one, "--dht-mode", "client", "--bootstrap", address(hub));
    await().atMost(SOON).until(() -> hasLookedAround(one));
    var two = quiet("two", "--bootstrap", address(hub));
    var id = String.valueOf(two.json("p2p", "status").get("node"));
    await().atMost(SOON).until(() -> contacts(hub).contains(id));

    assertThat(contacts(one)).doesNotContain(id);
    assertThat(Terminal.list(one.json("p2p", "peers"), "peers"))
        .singleElement()
        .satisfies(p -> assertThat(p).containsEntry("name", "hub"));
    one.run("p2p", "connect", id).succeeded();
    assertThat(one.connected()).containsExactly("hub", "two");
  }

  private static boolean hasLookedAround(Terminal node) {
    var table = node.json("dht", "table");
    return table.get("answered") instanceof Integer answered
        && answered > 0
        && answered.equals(table.get("requests"));
  }

  /** The ids of those in a node's routing table. */
  private static List<String> contacts(Terminal node) {
    return Terminal.list(node.json("dht", "table"), "contacts").stream()
        .map(contact -> String.valueOf(contact.get("node")))
        .toList();
  }

  @Test
  void nodesOfTwoRealmsRefuseEachOtherUntilOneIsInvitedAndAfterItIsRevoked() {
    var one = node("one");
    var two = new Terminal(homes.resolve("two"));
    assertThat(two.json("init", "--name", "two")).containsEntry("realmName", "two");
    start(two);
    var refused = two.run("p2p", "connect", address(one)).failed(5);
    assertThat(refused.err()).contains("refused us", "cis p2p join");
    assertThat(Terminal.list(one.json("p2p", "peers"), "peers")).isEmpty();
    var id = String.valueOf(one.json("p2p", "status").get("node"));
    two.run("p2p", "connect", id + "@" + address(one)).failed(5);
    assertThat(two.run("p2p", "peers").succeeded().out()).contains("refused");

    two.run("p2p", "join", invitation.substring(0, 200)).failed(2);
    two.run("p2p", "join", invitation.replace("-1.", "-9.")).failed(2);
    var invited = one.json("p2p", "invite", "--expires", "10m");
    assertThat(invited).containsEntry("name", "one").containsEntry("role", "member");
    var joined = two.json("p2p", "join", String.valueOf(invited.get("invitation")));
    assertThat(joined).containsEntry("name", "one").containsEntry("home", true);
    await().atMost(SOON).until(() -> two.connected().contains("one"));
    assertThat(two.json("p2p", "status")).containsEntry("realm", "one");
    one.run("memory", "set", "secret", "shared").succeeded();
    await().atMost(SOON).until(() -> two.run("memory", "get", "secret").out().contains("shared"));

    two.run("p2p", "invite").failed(5);
    two.run("p2p", "realm", "rotate-key").failed(5);
    one.run("p2p", "realm", "rotate-key").succeeded();
    await().atMost(SOON).until(() -> two.run("p2p", "realm", "show").out().contains("2 (newest)"));
    assertThat(two.connected()).contains("one");

    one.run("p2p", "deny", "two").succeeded();
    await().atMost(SOON).until(() -> two.connected().isEmpty() && one.connected().isEmpty());
    assertThat(Terminal.list(one.json("p2p", "peers"), "ended").getFirst())
        .containsEntry("name", "two")
        .containsEntry("how", "here denied");
    assertThat(two.run("p2p", "peers", "--verbose").succeeded().out()).contains("peer denied");
    two.run("p2p", "connect", address(one)).failed(5);
    one.run("p2p", "allow", "two").succeeded();
    two.run("p2p", "connect", address(one)).succeeded();
    assertThat(one.connected()).contains("two");

    two.run("memory", "set", "from-two", "before").succeeded();
    await().atMost(SOON).until(() -> one.run("memory", "get", "from-two").exit() == 0);
    one.run("p2p", "realm", "revoke", "two", "--yes").succeeded();
    await().atMost(SOON).until(() -> two.connected().isEmpty() && one.connected().isEmpty());
    two.run("p2p", "connect", address(one)).failed(5);
    assertThat(one.run("p2p", "realm", "show").succeeded().out()).contains("3 (newest)");
    assertThat(two.run("p2p", "realm", "show").succeeded().out()).doesNotContain("3 (newest)");
    assertThat(Terminal.list(one.json("p2p", "realm", "list"), "realms"))
        .singleElement()
        .satisfies(r -> assertThat(r).containsEntry("role", "founder"));
  }

  @Test
  void aNodeShowsAndKeepsItsLabels() {
    var one = node("one");
    assertThat(Terminal.list(one.json("node", "list"), "nodes"))
        .singleElement()
        .satisfies(n -> assertThat(n).containsEntry("name", "one").containsEntry("self", true));
    one.run("node", "label", "one", "tier=web", "env-").succeeded();
    assertThat(one.json("node", "info", "one").get("labels")).hasToString("{tier=web}");
    one.run("p2p", "stop").succeeded();
    one.run("p2p", "start", "--listen", "127.0.0.1:0", "--no-mdns").succeeded();
    assertThat(one.json("node", "info", "one").get("labels")).hasToString("{tier=web}");
    one.run("node", "info", "nobody").failed(1);
  }

  @Test
  void aPackageIsGoodOnlyWholeAndFromSomebodyTrusted() throws Exception {
    var author = new Terminal(homes.resolve("author"));
    var reader = new Terminal(homes.resolve("reader"));
    author.run("init").succeeded();
    reader.run("init").succeeded();
    author.run("package", "init", homes.resolve("hello").toString()).succeeded();
    author
        .run("package", "build", homes.resolve("hello").toString(), "--output", homes.toString())
        .succeeded();
    var file = homes.resolve("hello-1.0.0.p2p");
    author.run("package", "verify", file.toString()).failed(5);

    author.run("keys", "generate", "me").succeeded();
    author.run("package", "sign", file.toString()).succeeded();
    var key = author.run("keys", "export", "me").succeeded().out().strip();
    reader.run("package", "verify", file.toString()).failed(5);
    var looked = reader.json("package", "inspect", file.toString());
    assertThat(looked).containsEntry("name", "hello").containsEntry("entrypoint", "bin/run");
    reader.run("keys", "trust", key, "--name", "me").succeeded();
    assertThat(reader.json("package", "verify", file.toString())).containsEntry("ok", true);

    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 3] ^= 1;
    Files.write(file, bytes);
    assertThat(reader.run("package", "verify", file.toString()).exit()).isNotZero();
  }
}

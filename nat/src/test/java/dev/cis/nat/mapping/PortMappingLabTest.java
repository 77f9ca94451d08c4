package dev.cis.nat.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Port mapping with real routers (miniupnpd) in the namespace lab. Needs root and the packages that
 * {@code lab/natlab check} names.
 */
@Tag("lab")
class PortMappingLabTest {
  private static final String PREFIX = "cismap-";
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String NATLAB =
      Path.of(System.getProperty("cis.root", ".."))
          .toAbsolutePath()
          .resolve("lab/natlab")
          .toString();
  private static final String ASK =
      "import socket,sys;s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.settimeout(1);"
          + "s.sendto(b'x',(sys.argv[1],int(sys.argv[2])));"
          + "sys.exit(s.recv(99).decode()!=sys.argv[3])";

  @TempDir Path files;
  private final List<Host> hosts = new ArrayList<>();

  /** A program on a host of the lab. */
  private final class Host {
    final String name;
    private final Process process;
    private final Path printed;

    Host(String host, int port) throws IOException {
      this(host, port, "");
    }

    Host(String host, int port, String protocol) throws IOException {
      name = host + ":" + port;
      printed = files.resolve(hosts.size() + ".txt");
      var path =
          System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
      var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      var main = MappedHost.class.getName();
      var builder = builder("exec", host, java, "-cp", path, main, "" + port, name);
      if (protocol.equals("nat-pmp")) {
        builder.command().add(protocol);
      }
      builder.redirectInput(ProcessBuilder.Redirect.PIPE);
      builder.redirectOutput(printed.toFile());
      process = builder.start();
      hosts.add(this);
    }

    List<String> printed() throws IOException {
      return Files.readAllLines(printed);
    }

    /** The last word on how it stands, once it contains the text. */
    String awaited(String text) {
      await().atMost(SOON).until(() -> last().contains(text));
      return assertDoesNotFail(this::last);
    }

    private String last() throws IOException {
      var lines = printed().stream().filter(line -> line.startsWith("state=")).toList();
      return lines.isEmpty() ? "" : lines.getLast();
    }

    /** How often its external address was another one. */
    long announcements() throws IOException {
      return printed().stream().filter(line -> line.startsWith("announced")).count();
    }

    /** It has no time to tell anybody. */
    void kill() throws InterruptedException {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("the host ends").isTrue();
    }

    void stop() throws IOException, InterruptedException {
      if (process.isAlive()) {
        try (var in = process.getOutputStream()) {
          in.write('\n');
        }
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("the host ends").isTrue();
      }
    }
  }

  private interface Reading {
    String get() throws IOException;
  }

  private static String assertDoesNotFail(Reading reading) {
    try {
      return reading.get();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @BeforeAll
  static void buildTheInternet() throws Exception {
    Assumptions.assumeTrue(
        System.getProperty("user.name").equals("root") && natlab("check") == 0,
        "the lab needs root and the packages that 'lab/natlab check' names");
    lab("up");
  }

  @AfterAll
  static void takeItDown() throws Exception {
    natlab("down");
  }

  @AfterEach
  void stopAll() throws Exception {
    for (var host : hosts) {
      host.stop();
    }
  }

  @Test
  void aMappedPortIsReachedFromOutsideUntilTheNodeStops() throws Exception {
    var e1 = new Host("e1", 7677);
    assertThat(e1.awaited("state=mapped")).contains("198.18.5.2:7677").contains("public=true");
    assertThat(e1.printed()).contains("announced [198.18.5.2:7677]");
    awaitAnswer("e1:7677", "198.18.5.2", 7677);

    // The router forgets everything: seen at the next look, and asked for again.
    lab("restart", "natE");
    awaitAnswer("e1:7677", "198.18.5.2", 7677);

    e1.stop();
    assertThat(e1.printed()).endsWith("stopped");
    assertThat(printedBy("natE", "nft", "list", "ruleset")).doesNotContain("7677");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pcp", "nat-pmp", "upnp"})
  void anotherExternalAddressOfTheRouterIsNoticed(String protocol) throws Exception {
    restart(protocol);
    var e1 = new Host("e1", 7800, protocol);
    assertThat(e1.awaited("state=mapped")).contains("198.18.5.2:7800").contains("by=" + protocol);
    awaitAnswer("e1:7800", "198.18.5.2", 7800);
    giveTheRouter("198.18.5.3");
    try {
      e1.awaited("external=198.18.5.3:7800");
      awaitAnswer("e1:7800", "198.18.5.3", 7800);
      assertThat(e1.printed()).contains("announced [198.18.5.3:7800]");
    } finally {
      giveTheRouter("198.18.5.2");
    }
    e1.awaited("external=198.18.5.2:7800");
    awaitAnswer("e1:7800", "198.18.5.2", 7800);
    e1.stop();
    assertThat(printedBy("natE", "nft", "list", "ruleset")).doesNotContain("7800");
  }

  /** As a provider does it with a home router. */
  private static void giveTheRouter(String address) throws Exception {
    var words =
        "ip addr flush dev wan && ip addr add "
            + address
            + "/24 dev wan && ip route replace default via 198.18.5.1";
    lab("exec", "natE", "sh", "-c", words);
  }

  /** What it knows is forgotten, and UPnP is all it speaks if that is the protocol. */
  private static void restart(String protocol) throws Exception {
    if (protocol.equals("upnp")) {
      lab("restart", "natE", "upnp");
    } else {
      lab("restart", "natE");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"pcp", "nat-pmp", "upnp"})
  void nodesBehindOneRouterDoNotFightOverAPort(String protocol) throws Exception {
    restart(protocol);
    // Two want the same port, two more live on the same machines.
    var nodes = new ArrayList<Host>();
    nodes.add(new Host("e1", 7700, protocol));
    assertThat(nodes.getFirst().awaited("state=mapped")).contains("198.18.5.2:7700");
    nodes.add(new Host("e2", 7700, protocol));
    nodes.add(new Host("e1", 7711, protocol));
    nodes.add(new Host("e2", 7722, protocol));
    var before = outside(nodes);
    assertThat(before).doesNotHaveDuplicates();
    assertThat(before.getFirst()).isEqualTo(7700);
    awaitAnswers(nodes, before);

    // Now all of them ask at once, and each has again what it had.
    restart(protocol);
    awaitAnswers(nodes, before);
    assertThat(outside(nodes)).isEqualTo(before);
    for (var node : nodes) {
      assertThat(node.announcements()).as(node.name).isOne();
    }

    // One goes, and takes nothing of the others with it.
    nodes.removeFirst().stop();
    var left = before.subList(1, 4);
    awaitAnswers(nodes, left);
    assertThat(printedBy("natE", "nft", "list", "chain", "inet", "lab_nat", "prerouting_miniupnpd"))
        .contains("dport " + left.getFirst() + " ")
        .doesNotContain("dport 7700 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pcp", "nat-pmp", "upnp"})
  void aNodeThatWasKilledGetsItsPortAgain(String protocol) throws Exception {
    restart(protocol);
    var e1 = new Host("e1", 7750, protocol);
    assertThat(e1.awaited("state=mapped")).contains("198.18.5.2:7750");
    e1.kill();
    assertThat(printedBy("natE", "nft", "list", "ruleset")).contains("7750");
    var again = new Host("e1", 7750, protocol);
    assertThat(again.awaited("state=mapped")).contains("198.18.5.2:7750");
    awaitAnswer("e1:7750", "198.18.5.2", 7750);
    again.stop();
    assertThat(printedBy("natE", "nft", "list", "ruleset")).doesNotContain("7750");
  }

  @Test
  void behindTwoTranslatorsNothingIsAnnounced() throws Exception {
    // That router asks a STUN server for 9 s before it serves anybody.
    await().atMost(SOON).until(() -> printedBy("natF", "ss", "-Hltn").contains(":5000"));
    var f1 = new Host("f1", 7677);
    assertThat(f1.awaited("reason=the router refuses"))
        .contains("state=none")
        .contains("external=null");
    assertThat(f1.printed()).noneMatch(line -> line.startsWith("announced"));
  }

  private static List<Integer> outside(List<Host> nodes) {
    return nodes.stream()
        .map(node -> node.awaited("state=mapped"))
        .map(line -> Integer.parseInt(line.replaceAll(".*198\\.18\\.5\\.2:(\\d+) .*", "$1")))
        .toList();
  }

  private static void awaitAnswers(List<Host> nodes, List<Integer> ports) {
    for (int i = 0; i < nodes.size(); i++) {
      awaitAnswer(nodes.get(i).name, "198.18.5.2", ports.get(i));
    }
  }

  /** Until somebody on the internet hears that node at that address. */
  private static void awaitAnswer(String name, String address, int port) {
    await()
        .atMost(SOON)
        .until(() -> natlab("exec", "pub1", "python3", "-c", ASK, address, "" + port, name) == 0);
  }

  private static String printedBy(String... command) throws Exception {
    var words = new ArrayList<>(List.of("exec"));
    words.addAll(List.of(command));
    var process = builder(words.toArray(String[]::new)).start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return text;
  }

  /** Does it, or fails with what the lab says. */
  private static void lab(String... command) throws Exception {
    var process = builder(command).redirectErrorStream(true).start();
    var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", List.of(command), said).isZero();
  }

  private static int natlab(String... command) throws IOException, InterruptedException {
    var process =
        builder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("%s ends", List.of(command)).isTrue();
    return process.exitValue();
  }

  private static ProcessBuilder builder(String... command) {
    var words = new ArrayList<>(List.of(NATLAB));
    words.addAll(List.of(command));
    var builder = new ProcessBuilder(words);
    builder.redirectInput(new java.io.File("/dev/null"));
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("NATLAB_PREFIX", PREFIX);
    return builder;
  }
}

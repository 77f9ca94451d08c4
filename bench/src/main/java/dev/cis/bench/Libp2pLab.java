package dev.cis.bench;

import dev.cis.bench.Libp2pNode.Dial;
import dev.cis.bench.Libp2pNode.Facts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * js-libp2p on the hosts of the lab, a process on each, and one that relays where the anchor is.
 *
 * <p>Each host listens on QUIC and TCP, has a reservation at the relay (over QUIC, by TCP where no
 * UDP gets out), and runs identify, AutoNAT v2, UPnP, DCUtR and WebRTC with the lab's STUN server,
 * which is what DCUtR moves connections to.
 */
final class Libp2pLab implements AutoCloseable {
  private static final int PORT = 7678;
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final Duration TIME = Duration.ofMinutes(10);
  private static final Duration START = Duration.ofMinutes(2);

  /** The dial, its first byte, the way to a direct path: each may take what cis has for all. */
  private static final Duration ANSWER = NatPair.PATIENCE.multipliedBy(4);

  private final Peers.Scripts scripts;
  private final List<Process> processes = new ArrayList<>();
  private final Map<String, Member> members = new LinkedHashMap<>();
  private long nanos;
  private int dead;

  /** A host's process, and who it is. */
  private record Member(Libp2pNode node, String id) {}

  private Libp2pLab(Peers.Scripts scripts) {
    this.scripts = scripts;
  }

  /**
   * Starts all and waits until each can be reached in the ways that its router allows.
   *
   * @throws IOException what it needs is not there, or a node does not start
   */
  static Libp2pLab start(NatLab lab, String anchor, List<String> hosts)
      throws IOException, InterruptedException {
    var all = new Libp2pLab(Peers.Scripts.install());
    try {
      var ip = lab.ip(anchor);
      var relay = facts(all.spawn(lab, anchor, "relay", ip));
      for (var host : hosts) {
        var over = host.startsWith("g") ? "/tcp/" + PORT : "/udp/" + PORT + "/quic-v1";
        var address = "/ip4/" + ip + over + "/p2p/" + relay.id();
        var node = all.spawn(lab, host, "host", address, lab.ip("stun") + ":3478");
        all.members.put(host, new Member(node, facts(node).id()));
      }
      for (var member : all.members.values()) {
        long end = System.nanoTime() + NatPair.PATIENCE.multipliedBy(2).toNanos();
        while (!isReady(member.node)) {
          if (System.nanoTime() > end) {
            System.err.println(member.node.host() + ": libp2p has only " + facts(member.node));
            break;
          }
          Thread.sleep(LOOK); // a reservation and a port are there when its addresses say so
        }
      }
      return all;
    } catch (IOException e) {
      var said = all.lastWords();
      all.close();
      throw new IOException(e.getMessage() + said, e);
    } catch (InterruptedException | RuntimeException e) {
      all.close();
      throw e;
    }
  }

  private Libp2pNode spawn(NatLab lab, String host, String... words) throws IOException {
    var program = new ArrayList<>(scripts.command("libp2p-nat"));
    program.addAll(List.of(words));
    var process = lab.spawn(host, program, scripts.directory().resolve(host + ".err").toFile());
    processes.add(process);
    return new Libp2pNode(host, process.outputWriter(), process.inputReader());
  }

  /** What the first of them that said something to stderr said last. */
  private String lastWords() throws IOException {
    try (var files = Files.list(scripts.directory())) {
      for (var file : files.filter(each -> each.toString().endsWith(".err")).sorted().toList()) {
        var said = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        if (!said.isEmpty()) {
          return ": " + said.substring(Math.max(0, said.length() - 300));
        }
      }
    }
    return "";
  }

  private static boolean isReady(Libp2pNode node) throws IOException {
    var facts = facts(node);
    return facts.isRelayed() && (facts.isPublic() || !isOpen(node.host()));
  }

  private static Facts facts(Libp2pNode node) throws IOException {
    return Facts.of(node.ask("facts", Map.of(), START));
  }

  /** Whether everybody can dial it: a public host, or one whose router opens ports. */
  private static boolean isOpen(String host) {
    return host.startsWith("pub") || host.startsWith("e");
  }

  /**
   * The path that it can have: as for cis, except that it knows no TURN over TCP; who has no UDP
   * gets no further than to those who are open.
   */
  static String expected(String from, String to) {
    return from.startsWith("g") || to.startsWith("g")
        ? isOpen(from) || isOpen(to) ? "direct" : "relay"
        : NatPair.expected(from, to);
  }

  /** Connects, waits for the path, and takes the connection down again. */
  NatPair measure(String from, String to) {
    var expected = expected(from, to);
    var caller = member(from);
    var callee = member(to);
    long begun = System.nanoTime();
    part(caller, callee);
    try {
      var dial =
          Dial.of(
              caller.node.ask(
                  "connect",
                  Map.of(
                      "id", callee.id,
                      "addresses", facts(callee.node).addresses(),
                      "direct", expected.equals("direct"),
                      "wait_ms", NatPair.PATIENCE.toMillis()),
                  ANSWER));
      dead += dial.dead() > 0 ? 1 : 0;
      var settled = expected.equals("direct") ? dial.directMillis() : (Double) dial.firstMillis();
      return new NatPair(
          from,
          to,
          expected,
          dial.path(),
          dial.firstMillis(),
          settled,
          dial.dead() > 0 ? dial.dead() + " direct connections that carried nothing" : "");
    } catch (IOException e) {
      return new NatPair(from, to, expected, null, 0, null, String.valueOf(e.getMessage()));
    } finally {
      part(caller, callee);
      nanos += System.nanoTime() - begun;
    }
  }

  private Member member(String host) {
    var member = members.get(host);
    if (member == null) {
      throw new IllegalArgumentException("no libp2p on " + host);
    }
    return member;
  }

  /** Takes down whatever connects them, on both sides, as each may have dialled. */
  private static void part(Member one, Member other) {
    hangUp(one, other);
    hangUp(other, one);
  }

  private static void hangUp(Member member, Member other) {
    try {
      var _ = member.node.ask("part", Map.of("id", other.id), ANSWER);
    } catch (IOException e) {
      System.err.println(member.node.host() + ": libp2p does not part: " + e.getMessage());
    }
  }

  /** Whether the pairs so far took less than all may; with losses some wait to the end. */
  boolean hasTime() {
    return nanos < TIME.toNanos();
  }

  /** In how many pairs a connection was taken for direct that carried nothing. */
  int dead() {
    return dead;
  }

  @Override
  public void close() throws IOException {
    processes.forEach(Process::destroy);
    scripts.close();
  }
}

package dev.cis.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.gossip.Gossip;
import dev.cis.gossip.GossipConfig;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.Address;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.quic.QuicSwarm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes in processes of their own, over QUIC on loopback, killed while they exchange. */
@Timeout(180)
class KilledExchangeTest {
  private static final int ENTRIES = 3000;

  /** Bytes a second at which a whole exchange takes some seconds, however fast the machine is. */
  private static final long RATE = 50_000;

  @TempDir Path directory;

  /** A node that does what it reads from its standard input. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) throws Exception {
      var seed = new byte[32];
      seed[0] = (byte) args[1].charAt(0);
      var key = KeyPair.ofSeed(seed);
      var config =
          TransportConfig.DEFAULT.withListen(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      var description = new PeerDescription(args[1], new TreeMap<>(), List.of(), List.of());
      try (var swarm = QuicSwarm.open(key, config, StoredPeerBook.inMemory(), description);
          var gossip = Gossip.start(key, swarm, GossipConfig.DEFAULT);
          var replicated =
              ReplicatedMemory.open(Path.of(args[0]), key, swarm, gossip, SyncConfig.DEFAULT);
          var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
        var memory = replicated.memory();
        System.out.println("address " + swarm.localAddresses().getFirst());
        for (var line = in.readLine(); line != null; line = in.readLine()) {
          var words = line.split(" ", -1);
          switch (words[0]) {
            case "put" -> putMany(memory, words[1], Integer.parseInt(words[2]));
            case "connect" -> {
              var heard = new AtomicInteger();
              memory.watch(
                  Memory.Domain.PUBLIC,
                  "",
                  item -> System.out.println("had " + heard.incrementAndGet()));
              swarm.connect(Address.parse(words[1]), Duration.ofSeconds(60));
              System.out.println("connected");
            }
            case "slow" -> {
              swarm.traffic().limitAll(RATE, RATE);
              System.out.println("slowed");
            }
            case "sync" -> {
              var done = replicated.sync().withAll(false, Duration.ofSeconds(60));
              System.out.println("synced " + done.getFirst().failure());
            }
            case "state" -> System.out.println("state " + state(memory, words[1]));
            default -> throw new IllegalArgumentException(line);
          }
        }
      }
    }

    private static void putMany(Memory memory, String prefix, int count) throws Exception {
      var jobs = new ArrayList<Callable<Memory.Item>>();
      for (int i = 0; i < count; i++) {
        var key = prefix + i;
        var value = Bytes.utf8("of " + key);
        jobs.add(() -> memory.put(Memory.Domain.PUBLIC, "general", key, value, null));
      }
      try (var pool = Executors.newFixedThreadPool(64, Thread.ofVirtual().factory())) {
        for (var done : pool.invokeAll(jobs)) {
          done.get();
        }
      }
      System.out.println("put " + prefix);
    }

    private static String state(Memory memory, String prefix) {
      var items = memory.list(Memory.Domain.PUBLIC, prefix, "", Integer.MAX_VALUE);
      long sound = items.stream().filter(i -> i.value().utf8().equals("of " + i.key())).count();
      return items.size()
          + " "
          + sound
          + " "
          + items.stream()
              .map(i -> i.author() + "/" + i.sequence() + "/" + i.key())
              .toList()
              .hashCode();
    }
  }

  private record Node(Process process, BufferedReader out, PrintWriter in, String address)
      implements AutoCloseable {
    void say(String line) {
      in.println(line);
      in.flush();
    }

    /** The rest of the next line that begins with a word. */
    String hear(String word) throws IOException {
      for (var line = out.readLine(); line != null; line = out.readLine()) {
        if (line.startsWith(word + " ") || line.equals(word)) {
          return line.substring(word.length()).strip();
        }
      }
      throw new IOException("the node ended before it said " + word);
    }

    int count(String prefix) throws IOException {
      say("state " + prefix);
      return Integer.parseInt(hear("state").split(" ", -1)[0]);
    }

    String state() throws IOException {
      say("state k");
      return hear("state");
    }

    @Override
    public void close() throws IOException {
      process.toHandle().destroyForcibly();
      process.onExit().join();
      out.close();
    }
  }

  private Node start(String name) throws IOException {
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName(),
                directory.resolve(name + ".db").toString(),
                name)
            .redirectError(directory.resolve(name + ".log").toFile())
            .start();
    var out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    var in = new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8);
    var node = new Node(process, out, in, "");
    return new Node(process, out, in, node.hear("address"));
  }

  @Test
  void nodesKilledInTheMiddleOfExchangesEndEqualAndLoseNothingAcknowledged() throws IOException {
    var sender = start("a");
    var receiver = start("b");
    try {
      sender.say("put ka- " + ENTRIES);
      sender.hear("put");
      receiver.say("put kb- 50");
      receiver.hear("put");
      int before = 0;
      int interrupted = 0;
      for (int round = 0; round < 3; round++) {
        receiver.say("slow");
        receiver.hear("slowed");
        receiver.say("connect " + sender.address);
        receiver.hear("had");
        if (round == 1) {
          sender.close();
          sender = start("a");
          assertThat(sender.count("ka-")).isEqualTo(ENTRIES);
        }
        receiver.close();
        receiver = start("b");
        int has = receiver.count("ka-");
        assertThat(has).as("what was committed stays").isGreaterThanOrEqualTo(before);
        assertThat(receiver.count("kb-")).isEqualTo(50);
        assertThat(has)
            .as("not all of it: else the next round would wait in vain")
            .isLessThan(ENTRIES);
        interrupted += has > before && has < ENTRIES ? 1 : 0;
        before = has;
      }
      assertThat(interrupted).as("kills in the middle of the transfer").isPositive();
      receiver.say("connect " + sender.address);
      receiver.hear("connected");
      receiver.say("sync");
      assertThat(receiver.hear("synced")).isEqualTo("null");
      int all = ENTRIES + 50;
      assertThat(receiver.state()).startsWith(all + " " + all + " ").isEqualTo(sender.state());
    } finally {
      sender.close();
      receiver.close();
    }
  }
}

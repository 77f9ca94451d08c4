package dev.cis.transport.quic;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Address;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.TransportConfig;
import io.netty.util.internal.PlatformDependent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;

/** A node in a process of its own and with little memory, which says how it feels when asked. */
final class Victim implements AutoCloseable {
  static final ProtocolId ECHO = ProtocolId.parse("/cis/app/echo/1.0");
  static final Duration HANDSHAKE = Duration.ofSeconds(3);

  private final Process process;
  private final BufferedReader out;
  private final PrintWriter in;
  final Address address;

  private Victim(Process process, BufferedReader out, PrintWriter in, Address address) {
    this.process = process;
    this.out = out;
    this.in = in;
    this.address = address;
  }

  /**
   * How the node feels.
   *
   * @param heap bytes that live after a collection
   * @param direct bytes in network buffers
   * @param resident bytes of the whole process
   * @param threads platform threads
   * @param links live connections
   */
  record Vitals(long heap, long direct, long resident, int threads, int links) {
    long buffersAndHeap() {
      return heap + direct;
    }
  }

  static TransportConfig config() {
    var dialling = TransportConfig.DEFAULT.dialling();
    return TransportConfig.DEFAULT
        .withListen(QuicSwarmTest.anyPort())
        // The processors may be taken away for some seconds, from this process or from the other.
        .withIdle(Duration.ofSeconds(12), Duration.ofSeconds(2))
        .with(dialling.withHandshakeTimeout(HANDSHAKE));
  }

  static Victim start(Path log) throws IOException {
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx64m",
                "-XX:+ExitOnOutOfMemoryError",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Victim.class.getName())
            .redirectError(log.toFile())
            .start();
    var out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    var in = new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8);
    var line = out.readLine();
    if (line == null) {
      throw new IOException("the node did not start: " + Files.readString(log));
    }
    return new Victim(process, out, in, Address.parse(line));
  }

  Vitals vitals() throws IOException {
    in.println("vitals");
    var line = out.readLine();
    if (line == null) {
      throw new IOException("the node is dead");
    }
    var words = line.split(" ", 5);
    return new Vitals(
        Long.parseLong(words[0]),
        Long.parseLong(words[1]),
        Long.parseLong(words[2]),
        Integer.parseInt(words[3]),
        Integer.parseInt(words[4]));
  }

  @Override
  public void close() throws IOException {
    process.toHandle().destroyForcibly();
    process.onExit().join();
    in.close();
    out.close();
  }

  /** The process. */
  public static void main(String[] arguments) throws IOException {
    var nameless = new PeerDescription("victim", new TreeMap<>(), List.of(), List.of());
    var key = KeyPair.generate(new SecureRandom());
    var swarm = QuicSwarm.open(key, config(), StoredPeerBook.inMemory(), nameless);
    var _ =
        swarm.handle(
            ECHO,
            stream -> {
              byte[] message = stream.receive(1 << 20);
              if (message != null) {
                stream.send(message);
              }
            });
    System.out.println(swarm.localAddresses().getFirst());
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (lines.readLine() != null) {
      System.gc();
      var memory = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      System.out.println(
          memory
              + " "
              + PlatformDependent.usedDirectMemory()
              + " "
              + resident()
              + " "
              + ManagementFactory.getThreadMXBean().getThreadCount()
              + " "
              + swarm.links().size());
    }
    System.exit(0);
  }

  private static long resident() throws IOException {
    for (var line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return 0;
  }
}

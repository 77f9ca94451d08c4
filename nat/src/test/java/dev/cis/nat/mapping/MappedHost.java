package dev.cis.nat.mapping;

import dev.cis.kernel.identity.KeyPair;
import java.io.IOException;
import java.io.PrintStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * A host of the lab: keeps its port mapped, answers every datagram that comes there with its name,
 * prints how the mapping stands whenever that changes, and ends when its input does.
 */
final class MappedHost {
  private MappedHost() {}

  /** The first argument is the port, the second the name, which makes the key. */
  public static void main(String[] args) throws IOException, InterruptedException {
    int port = Integer.parseInt(args[0]);
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    var config = new MappingConfig(Duration.ofMinutes(60), Duration.ofSeconds(2));
    byte[] name = args[1].getBytes(StandardCharsets.UTF_8);
    var key = KeyPair.ofSeed(Arrays.copyOf(name, KeyPair.SEED_BYTES));
    try (var socket = new DatagramSocket(port)) {
      Thread.ofVirtual().start(() -> answer(socket, name));
      var mapping = PortMapping.start(key, port, config, to -> out.println("announced " + to));
      List<String> before = List.of();
      while (System.in.available() == 0) {
        var now = mapping.mappings().stream().map(MappedHost::words).toList();
        if (!now.equals(before)) {
          now.forEach(out::println);
          before = now;
        }
        Thread.sleep(100);
      }
      mapping.close();
      out.println("stopped");
    }
  }

  private static String words(Mapping m) {
    return "state=%s by=%s external=%s public=%s reason=%s"
        .formatted(m.state(), m.protocol(), m.external(), m.isPublic(), m.reason());
  }

  private static void answer(DatagramSocket socket, byte[] name) {
    try {
      while (true) {
        var packet = new DatagramPacket(new byte[1_500], 1_500);
        socket.receive(packet);
        packet.setData(name);
        socket.send(packet);
      }
    } catch (IOException e) {
      return; // closed
    }
  }
}

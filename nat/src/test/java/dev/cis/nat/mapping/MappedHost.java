package dev.cis.nat.mapping;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.time.Uptime;
import dev.cis.nat.proto.MappingProtocol;
import dev.cis.transport.Address;
import java.io.IOException;
import java.io.PrintStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A host of the lab: keeps its port mapped, answers every datagram that comes there with its name,
 * prints how the mapping stands whenever that changes, and ends when its input does.
 */
final class MappedHost {
  private MappedHost() {}

  /** The port, the name, which makes the key, and {@code nat-pmp} if nothing else is spoken. */
  public static void main(String[] args) throws IOException, InterruptedException {
    int port = Integer.parseInt(args[0]);
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    var config = new MappingConfig(Duration.ofMinutes(60), Duration.ofSeconds(2));
    byte[] name = args[1].getBytes(StandardCharsets.UTF_8);
    var key = KeyPair.ofSeed(Arrays.copyOf(name, KeyPair.SEED_BYTES));
    try (var socket = new DatagramSocket(port)) {
      Thread.ofVirtual().start(() -> answer(socket, name));
      Consumer<List<Address>> announce = to -> out.println("announced " + to);
      var mapping =
          args.length > 2
              ? natPmpOnly(port, config, announce)
              : PortMapping.start(key, port, config, announce);
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

  /** Routers that know NAT-PMP mostly know PCP as well, which would be the first. */
  private static PortMapping natPmpOnly(
      int port, MappingConfig config, Consumer<List<Address>> announce) {
    var mapping =
        new PortMapping(
            RoutingTable::gateways,
            told ->
                new GatewayLease(
                    told.gateway(),
                    Map.of(MappingProtocol.NAT_PMP, NatPmpMapper.of(told.gateway(), port)),
                    GatewayLease.machine(port, config, new SecureRandom()),
                    Uptime.CLOCK,
                    told.changed()),
            announce);
    mapping.begin();
    return mapping;
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

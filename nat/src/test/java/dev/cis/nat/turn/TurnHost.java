package dev.cis.nat.turn;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Uptime;
import dev.cis.nat.turn.TurnServer.Transport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A host of the lab with an address on the TURN server: prints it, reads another's, and sends there
 * until its input ends. What comes is printed, and sent back once.
 */
final class TurnHost {
  private TurnHost() {}

  /** Its name, the transport, the user, the password, and how many seconds to wait. */
  public static void main(String[] args) throws IOException, InterruptedException {
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    var server =
        new TurnServer(
            new InetSocketAddress(InetAddress.ofLiteral("192.0.2.10"), 3478),
            Transport.valueOf(args[1]),
            args[2],
            args[3]);
    var self = new AtomicReference<TurnAllocation>();
    var receiver =
        new TurnAllocation.Receiver() {
          @Override
          public void received(InetSocketAddress peer, byte[] datagram) {
            var text = new String(datagram, StandardCharsets.UTF_8);
            out.println("got " + peer.getAddress().getHostAddress() + " " + text.strip());
            var mine = self.get();
            if (!text.startsWith("echo") && mine != null) {
              // As large as QUIC's packets are on most paths.
              var echo = ("echo of " + text + " ".repeat(1_400)).substring(0, 1_400);
              mine.send(peer, ByteBuffer.wrap(echo.getBytes(StandardCharsets.UTF_8)));
            }
          }

          @Override
          public void lost(Fault reason) {
            out.println("lost " + reason.code().text() + " " + reason.getMessage());
          }
        };
    var within = Duration.ofSeconds(Long.parseLong(args[4]));
    try (var allocation = TurnAllocation.open(server, receiver, Uptime.CLOCK, within)) {
      self.set(allocation);
      out.println("relayed " + allocation.relayed().getPort());
      var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      int port = Integer.parseInt(in.readLine());
      var peer = new InetSocketAddress(InetAddress.ofLiteral("192.0.2.10"), port);
      for (int i = 0; System.in.available() == 0; i++) {
        var text = args[0] + " " + i;
        allocation.send(peer, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        Thread.sleep(50);
      }
    } catch (Fault e) {
      out.println("refused " + e.code().text() + " " + e.getMessage());
    }
    out.println("closed");
  }
}

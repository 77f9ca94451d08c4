package dev.cis.nat.turn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Uptime;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.Endpoint;
import dev.cis.nat.proto.StunAddress;
import dev.cis.nat.proto.StunMessage;
import dev.cis.nat.turn.TurnServer.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of an allocation when the server over TCP is not what it should be. */
@Timeout(120)
class TurnSessionTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final int XOR_RELAYED_ADDRESS = 0x0016;

  private final CompletableFuture<Fault> lost = new CompletableFuture<>();
  private final TurnAllocation.Receiver receiver =
      new TurnAllocation.Receiver() {
        @Override
        public void received(InetSocketAddress peer, byte[] datagram) {}

        @Override
        public void lost(Fault reason) {
          lost.complete(reason);
        }
      };

  @FunctionalInterface
  private interface Conduct {
    void serve(Socket client) throws IOException;
  }

  private static ServerSocket listener() throws IOException {
    return new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
  }

  private TurnAllocation open(int port, Duration within) {
    var at = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    var server = new TurnServer(at, Transport.TCP, "user", "secret word");
    return TurnAllocation.open(server, receiver, Uptime.CLOCK, within);
  }

  private static void serve(ServerSocket listener, Conduct conduct) {
    Thread.ofVirtual()
        .start(() -> {
          try (var client = listener.accept()) {
            conduct.serve(client);
          } catch (IOException e) {
            return; // the client has gone
          }
        });
  }

  /** Answers the first request as a server does that asks for no credentials. */
  private static void allocate(Socket client) throws IOException {
    byte[] head = client.getInputStream().readNBytes(20);
    int length = ByteBuffer.wrap(head).getShort(2) & 0xFFFF;
    var _ = client.getInputStream().readNBytes(length);
    var transaction = Bytes.of(Arrays.copyOfRange(head, 8, 20));
    var relayed = new Endpoint(Bytes.of(new byte[] {127, 0, 0, 1}), 50_000);
    var answer =
        new StunMessage(
            3,
            StunMessage.Kind.SUCCESS,
            transaction,
            List.of(StunAddress.xored(XOR_RELAYED_ADDRESS, relayed, transaction)));
    client.getOutputStream().write(answer.encode(false));
  }

  private static String code(Throwable fault) {
    return ((Fault) fault).code().text();
  }

  @Test
  void aServerThatGoesIsToldOf() throws Exception {
    try (var listener = listener()) {
      serve(listener, TurnSessionTest::allocate);
      var allocation = open(listener.getLocalPort(), LONG);
      assertThat(allocation.relayed().getPort()).isEqualTo(50_000);
      var reason = lost.get(30, TimeUnit.SECONDS);
      assertThat(reason.code().text()).isEqualTo("nat.turn-unreachable");
      assertThat(reason.getMessage()).contains("closed the connection");
      allocation.close();
    }
  }

  @Test
  void aServerThatSpeaksSomethingElseIsLeft() throws Exception {
    try (var listener = listener()) {
      serve(
          listener,
          client -> {
            allocate(client);
            client.getOutputStream().write(new byte[] {(byte) 0xFF, 0, 0, 0});
            var _ = client.getInputStream().readAllBytes(); // until the client leaves
          });
      try (var _ = open(listener.getLocalPort(), LONG)) {
        assertThat(lost.get(30, TimeUnit.SECONDS).getMessage())
            .contains("neither STUN nor data on a channel");
      }
    }
  }

  @Test
  void nobodyThereIsSaidAtOnceAndThePasswordIsNot() throws Exception {
    int free;
    try (var listener = listener()) {
      free = listener.getLocalPort();
    }
    assertThatThrownBy(() -> open(free, LONG))
        .satisfies(fault -> assertThat(code(fault)).isEqualTo("nat.turn-unreachable"))
        .hasMessageContaining("127.0.0.1:" + free)
        .hasMessageNotContaining("secret");
  }

  @Test
  void aServerThatSaysNothingIsWaitedForAsLongAsWanted() throws Exception {
    try (var listener = listener()) {
      assertThatThrownBy(() -> open(listener.getLocalPort(), Duration.ofMillis(300)))
          .satisfies(fault -> assertThat(code(fault)).isEqualTo("nat.turn-unreachable"))
          .hasMessageContaining("no answer within");
    }
  }
}

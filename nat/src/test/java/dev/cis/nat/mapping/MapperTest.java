package dev.cis.nat.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.mapping.FakeRouter.Reply;
import dev.cis.nat.proto.LeaseInput.Granted;
import dev.cis.nat.proto.LeaseInput.Refusal;
import dev.cis.nat.proto.LeaseInput.Refused;
import dev.cis.nat.proto.Pcp;
import dev.cis.transport.Address;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** PCP and NAT-PMP against routers that answer well, badly, and not at all. */
class MapperTest {
  private static final int PORT = 7677;
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Bytes NONCE = Bytes.of(new byte[Pcp.NONCE_BYTES]);
  private static final byte[] PUBLIC = {(byte) 198, 18, 5, 2};
  private static final byte[] SHARED = {100, 64, 6, 2};

  private static byte[] pcp(byte[] question, int externalPort, byte[] ip) {
    var in = ByteBuffer.wrap(question);
    var out = ByteBuffer.allocate(60).put((byte) 2).put((byte) 0x81).putShort((short) 0);
    out.putInt(in.getInt(4)).putInt(100).put(new byte[12]);
    out.put(question, 24, 18).putShort((short) externalPort);
    return out.put(new byte[10]).putShort((short) -1).put(ip).array();
  }

  private static byte[] natPmp(byte[] question, byte[] ip) {
    if (question[1] == 0) {
      return ByteBuffer.allocate(12)
          .putShort((short) 128)
          .putShort((short) 0)
          .putInt(100)
          .put(ip)
          .array();
    }
    var in = ByteBuffer.wrap(question);
    return ByteBuffer.allocate(16)
        .putShort((short) 129)
        .putShort((short) 0)
        .putInt(100)
        .putShort(in.getShort(4))
        .putShort(in.getShort(6))
        .putInt(in.getInt(8))
        .array();
  }

  private static PcpMapper pcp(FakeRouter router) {
    return new PcpMapper(router.gateway(), router.port(), NONCE, PORT);
  }

  @Test
  void pcpTellsWhatWasGranted() throws IOException {
    try (var router = new FakeRouter(q -> List.of(FakeRouter.reply(pcp(q, 9_000, PUBLIC))))) {
      assertThat(pcp(router).ask(PORT, HOUR))
          .isInstanceOfSatisfying(
              Granted.class,
              granted -> {
                assertThat(granted.external()).isEqualTo(new Address("198.18.5.2", 9_000));
                assertThat(granted.life()).isEqualTo(HOUR);
              });
    }
  }

  @Test
  void whatIsForgedOrGarbageOrForAnotherIsSkipped() throws IOException {
    try (var router =
        new FakeRouter(q -> {
          var foreign = pcp(q, 2, PUBLIC);
          foreign[24] ^= 1; // the nonce
          return List.of(
              new Reply(Bytes.of(pcp(q, 1, PUBLIC)), true),
              FakeRouter.reply(new byte[0]),
              FakeRouter.reply(new byte[] {1, 2, 3}),
              FakeRouter.reply(new byte[1_500]),
              FakeRouter.reply(foreign),
              FakeRouter.reply(pcp(q, 9_000, PUBLIC)));
        })) {
      assertThat(pcp(router).ask(PORT, HOUR))
          .isInstanceOfSatisfying(
              Granted.class, granted -> assertThat(granted.external().port()).isEqualTo(9_000));
    }
  }

  @Test
  void aPortWhereNobodyListensIsSilentAtOnce() throws IOException {
    int port;
    Gateway gateway;
    try (var router = new FakeRouter(q -> List.of())) {
      port = router.port();
      gateway = router.gateway();
    }
    var answer = new PcpMapper(gateway, port, NONCE, PORT).ask(PORT, HOUR);
    assertThat(answer)
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.why()).isEqualTo(Refusal.SILENT));
  }

  @Test
  void questionsAreRepeatedUntilOneIsAnswered() throws IOException {
    var seen = new java.util.concurrent.atomic.AtomicInteger();
    try (var router =
        new FakeRouter(q ->
            seen.incrementAndGet() < 3
                ? List.of()
                : List.of(FakeRouter.reply(pcp(q, PORT, PUBLIC))))) {
      assertThat(pcp(router).ask(PORT, HOUR)).isInstanceOf(Granted.class);
      assertThat(router.questions()).hasSizeGreaterThanOrEqualTo(3);
    }
  }

  @Test
  void natPmpAsksForTheAddressAndThePort() throws IOException {
    try (var router = new FakeRouter(q -> List.of(FakeRouter.reply(natPmp(q, PUBLIC))))) {
      var answer = new NatPmpMapper(router.gateway(), router.port(), PORT).ask(PORT, HOUR);
      assertThat(answer)
          .isInstanceOfSatisfying(
              Granted.class,
              granted -> assertThat(granted.external()).isEqualTo(new Address("198.18.5.2", PORT)));
    }
  }

  @Test
  void aRefusalOfARouterWithAPrivateAddressNamesTheRouterBeforeIt() throws IOException {
    try (var router =
        new FakeRouter(q -> {
          var answer = natPmp(q, SHARED);
          if (q[1] == 1) {
            answer[3] = 3;
          }
          return List.of(FakeRouter.reply(answer));
        })) {
      var answer = new NatPmpMapper(router.gateway(), router.port(), PORT).ask(PORT, HOUR);
      assertThat(answer)
          .isInstanceOfSatisfying(
              Refused.class,
              refused -> {
                assertThat(refused.outside()).isEqualTo("100.64.6.2");
                assertThat(refused.reason()).contains("another router is before it");
              });
    }
  }

  @Test
  void aRouterWithoutAnAddressGrantsNothing() throws IOException {
    try (var router = new FakeRouter(q -> List.of(FakeRouter.reply(pcp(q, PORT, new byte[4]))))) {
      assertThat(pcp(router).ask(PORT, HOUR)).isInstanceOf(Refused.class);
    }
  }
}

package dev.cis.gossip.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireWriter;
import dev.cis.sim.Mutations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class GossipFrameTest {
  private static final Codec<GossipFrame> CODEC = GossipFrame.codec(Rumour::verified);
  private static final KeyPair KEY = KeyPair.ofSeed(new byte[32]);
  private static final long SEQUENCE = RumourId.sequenceAt(Instant.parse("2026-11-21T00:00:00Z"));
  private static final Rumour RUMOUR =
      Rumour.sign(KEY, SEQUENCE, "lab.news.test.v1", Bytes.utf8("hello"), 8, 1);
  private static final List<GossipFrame> FRAMES =
      List.of(
          new GossipFrame.Push(RUMOUR, 3),
          new GossipFrame.Have(List.of(RUMOUR.id()), false),
          new GossipFrame.Have(List.of(RUMOUR.id(), RUMOUR.id()), true),
          new GossipFrame.Want(List.of(RUMOUR.id())),
          new GossipFrame.Want(List.of()));
  private static final List<String> NAMES =
      List.of("push", "have", "have-answer", "want", "want-nothing");

  @Test
  void framesComeBackAsTheyWere() {
    for (var frame : FRAMES) {
      assertThat(CODEC.decode(CODEC.encode(frame))).isEqualTo(frame);
    }
    assertThat(RUMOUR.id().published()).isEqualTo(Instant.parse("2026-11-21T00:00:00Z"));
    assertThat(RUMOUR.id().hex()).hasSize(32);
  }

  @Test
  void theBytesAreThoseOfTheGoldenVectors() throws IOException {
    var file = Path.of(System.getProperty("cis.root"), "docs/reference/vectors/gossip.txt");
    var expected = new ArrayList<String>();
    for (int i = 0; i < FRAMES.size(); i++) {
      expected.add(NAMES.get(i) + " " + Bytes.of(CODEC.encode(FRAMES.get(i))).hex());
    }
    assertThat(Files.readAllLines(file).stream().filter(line -> !line.startsWith("#")))
        .containsExactlyElementsOf(expected);
  }

  @Test
  void aChangedRumourIsRefused() {
    var signed = RUMOUR.signed().toByteArray();
    int at = Collections.indexOfSubList(boxed(signed), boxed(Bytes.utf8("hello").toByteArray()));
    signed[at] ^= 1;
    assertFault(() -> Rumour.verified(Bytes.of(signed)), KernelCode.BAD_SIGNATURE);
  }

  @Test
  void aRumourSignedForAnotherPurposeIsRefused() {
    var body = new WireWriter().uint(1, 1).string(2, "t").uint(4, 8).real(5, 1).toByteArray();
    var signed =
        new WireWriter().bytes(1, body).bytes(2, KEY.publicKey().bytes()).bytes(3, KEY.sign(body));
    assertFault(() -> Rumour.verified(Bytes.of(signed.toByteArray())), KernelCode.BAD_SIGNATURE);
  }

  @Test
  void signedNonsenseIsRefused() {
    assertThatThrownBy(() -> sign("", 8, 1)).isInstanceOf(Fault.class);
    assertThatThrownBy(() -> sign("x".repeat(129), 8, 1)).isInstanceOf(Fault.class);
    assertThatThrownBy(() -> sign("line\nbreak", 8, 1)).isInstanceOf(Fault.class);
    assertThatThrownBy(() -> sign("t", 0, 1)).isInstanceOf(Fault.class);
    assertThatThrownBy(() -> sign("t", 256, 1)).isInstanceOf(Fault.class);
    assertThatThrownBy(() -> sign("t", 8, 0)).isInstanceOf(Fault.class);
    assertThatThrownBy(() -> sign("t", 8, Double.NaN)).isInstanceOf(Fault.class);
    assertThatThrownBy(() -> sign("t", 8, 1.1)).isInstanceOf(Fault.class);
  }

  @Test
  void oversizedAndEmptyFramesAreRefused() {
    assertFault(() -> CODEC.decode(new byte[0]), KernelCode.MALFORMED);
    assertFault(
        () -> new GossipFrame.Have(Collections.nCopies(257, RUMOUR.id()), false),
        KernelCode.TOO_LARGE);
    var huge = new WireWriter().varint(3 << 3 | 2).varint(Integer.MAX_VALUE).toByteArray();
    assertFault(() -> CODEC.decode(huge), KernelCode.TOO_LARGE);
    var tooMuch = Bytes.of(new byte[Rumour.MAX_PAYLOAD + 1]);
    assertFault(() -> Rumour.sign(KEY, 1, "t", tooMuch, 8, 1), KernelCode.TOO_LARGE);
  }

  @Test
  void aRumourOfTheLargestSizeFitsIntoAFrame() {
    var full = Bytes.of(new byte[Rumour.MAX_PAYLOAD]);
    var rumour = Rumour.sign(KEY, Long.MAX_VALUE, "t".repeat(128), full, 255, 0.3);
    var bytes = CODEC.encode(new GossipFrame.Push(rumour, 255));
    assertThat(bytes.length).isLessThanOrEqualTo(GossipFrame.MAX_FRAME);
    assertThat(CODEC.decode(bytes)).isEqualTo(new GossipFrame.Push(rumour, 255));
  }

  /** A hostile author can sign anything. */
  @Property(tries = 1_000)
  void mutatedBodiesThatAreSignedGiveNothingButFaults(@ForAll long seed) {
    var random = new SplittableRandom(seed);
    var body =
        new WireWriter()
            .uint(1, SEQUENCE)
            .string(2, "topic")
            .string(3, "payload")
            .uint(4, 8)
            .real(5, 0.5)
            .toByteArray();
    mutate(body, random);
    var covered = new WireWriter().raw(Bytes.utf8(Rumour.DOMAIN + "\0").toByteArray()).raw(body);
    var signed =
        new WireWriter()
            .bytes(1, body)
            .bytes(2, KEY.publicKey().bytes())
            .bytes(3, KEY.sign(covered.toByteArray()))
            .toByteArray();
    try {
      assertThat(Rumour.verified(Bytes.of(signed)).ttl()).isBetween(1, 255);
    } catch (Fault fault) {
      assertThat(fault.code()).isNotEqualTo(KernelCode.BAD_SIGNATURE);
    }
  }

  @Property(tries = 2_000)
  void mutatedFramesGiveNothingButFaults(@ForAll long seed) {
    var random = new SplittableRandom(seed);
    var frame = FRAMES.get(random.nextInt(FRAMES.size()));
    var bytes = CODEC.encode(frame);
    mutate(bytes, random);
    if (random.nextInt(4) == 0) {
      bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 8));
    }
    try {
      CODEC.decode(bytes);
    } catch (Fault expected) {
      assertThat(expected.getMessage()).doesNotContain("\n");
    }
  }

  @Test
  void decodersReadOrRefuseHundredsOfThousandsOfMutations() {
    var frames = new ArrayList<byte[]>();
    FRAMES.forEach(frame -> frames.add(CODEC.encode(frame)));
    var carried = RUMOUR.signed().toByteArray();
    frames.add(carried);
    frames.add(Arrays.copyOfRange(carried, 2, 2 + carried[1]));
    // The rumour as it comes, unverified, so that most frames reach the decoders behind it.
    var unverified =
        GossipFrame.codec(signed -> {
          if (signed.size() == 0) {
            throw new Fault(KernelCode.MALFORMED, "no rumour");
          }
          return RUMOUR;
        });
    var fast = List.of(unverified, Rumour.BODY);
    var outcome = Mutations.of(frames, 21).decode(400_000, Duration.ofSeconds(4), fast);
    assertThat(outcome.read()).isPositive();
    outcome = Mutations.of(frames, 22).decode(50_000, Duration.ofSeconds(1), List.of(CODEC));
    assertThat(outcome.read()).isPositive();
  }

  private static void mutate(byte[] bytes, SplittableRandom random) {
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
  }

  private static Rumour sign(String topic, int ttl, double probability) {
    return Rumour.sign(KEY, 1, topic, Bytes.EMPTY, ttl, probability);
  }

  private static void assertFault(Runnable action, KernelCode code) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(Fault.class, fault -> assertThat(fault.code()).isEqualTo(code));
  }

  private static List<Byte> boxed(byte[] bytes) {
    var list = new ArrayList<Byte>();
    for (byte b : bytes) {
      list.add(b);
    }
    return list;
  }
}

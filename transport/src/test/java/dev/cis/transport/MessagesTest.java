package dev.cis.transport;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
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
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The messages of this room: golden vectors, and what hostile bytes do to their decoders. */
class MessagesTest {
  private static final ProtocolId ECHO = ProtocolId.parse("/cis/app/echo/1.2");
  private static final Signed<PeerRecord> RECORD = record();
  private static final Map<String, Codec<?>> CODECS = codecs();

  private static Map<String, Codec<?>> codecs() {
    var codecs = new LinkedHashMap<String, Codec<?>>();
    codecs.put("stream-header", StreamHeader.CODEC);
    codecs.put("stream-header-blocks", StreamHeader.CODEC);
    codecs.put("stream-answer", StreamAnswer.CODEC);
    codecs.put("stream-answer-deflate", StreamAnswer.CODEC);
    codecs.put("stream-refusal", StreamAnswer.CODEC);
    codecs.put("peer-record", PeerRecord.SIGNED);
    codecs.put("introduction", Introduction.CODEC);
    codecs.put("introduction-answer", Introduction.CODEC);
    codecs.put("greeting", Greeting.CODEC);
    codecs.put("greeting-answer", Greeting.CODEC);
    codecs.put("greeting-refusal", Greeting.CODEC);
    codecs.put("keep-alive", Greeting.CODEC);
    for (var name : List.of("request", "request-alone", "reply", "refusal", "failure", "cancel")) {
      codecs.put("call-" + name, CallFrame.CODEC);
    }
    return codecs;
  }

  /** The proof of one realm between two nodes: everything in it is a count of bytes. */
  private static final Admission.Secret SECRET =
      new Admission.Secret("000102030405060708090a0b0c0d0e0f", counted(32, 0x40));

  private static final RealmProof PROOF =
      new RealmProof(
          NodeId.of(counted(32, 0x60).toByteArray()),
          NodeId.of(counted(32, 0x80).toByteArray()),
          counted(32, 0xA0),
          counted(32, 0xC0));

  private static final Map<String, byte[]> VECTORS = vectors();

  private static Bytes counted(int size, int from) {
    var bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (from + i);
    }
    return Bytes.of(bytes);
  }

  private static Signed<PeerRecord> record() {
    var key = KeyPair.ofSeed(new byte[32]);
    return new PeerRecord(
            key.nodeId(),
            1_795_219_200_000L,
            List.of(Address.parse("192.0.2.7:7677"), Address.parse("[2001:db8::7]:7677")),
            List.of(),
            "alpha",
            new TreeMap<>(Map.of("env", "test", "zone", "a")),
            List.of("anchor"),
            List.of(ECHO),
            Instant.parse("2026-11-22T00:00:00Z"))
        .sign(key);
  }

  private static Map<String, byte[]> vectors() {
    var vectors = new LinkedHashMap<String, byte[]>();
    vectors.put(
        "stream-header",
        StreamHeader.CODEC.encode(new StreamHeader(ECHO, "", 0, 30_000, Bytes.of(new byte[16]))));
    vectors.put(
        "stream-header-blocks",
        StreamHeader.CODEC.encode(
            new StreamHeader(ECHO, "", 0, 30_000, Bytes.of(new byte[16])).inBlocks()));
    vectors.put("stream-answer", StreamAnswer.CODEC.encode(StreamAnswer.accepted(ECHO)));
    vectors.put(
        "stream-answer-deflate", StreamAnswer.CODEC.encode(StreamAnswer.accepted(ECHO, true)));
    vectors.put(
        "stream-refusal",
        StreamAnswer.CODEC.encode(
            StreamAnswer.refused(TransportCode.NO_PROTOCOL, "not spoken here")));
    vectors.put("peer-record", PeerRecord.SIGNED.encode(RECORD));
    vectors.put(
        "introduction", Introduction.CODEC.encode(new Introduction(counted(32, 0xA0), List.of())));
    vectors.put(
        "introduction-answer",
        Introduction.CODEC.encode(
            new Introduction(
                counted(32, 0xC0), List.of(PROOF.tag(RealmProof.Role.ACCEPTOR, SECRET)))));
    vectors.put(
        "greeting",
        Greeting.CODEC.encode(
            new Greeting(
                RECORD,
                "198.51.100.1:7677",
                42,
                0,
                "",
                "",
                List.of(PROOF.tag(RealmProof.Role.DIALLER, SECRET)))));
    vectors.put(
        "greeting-answer",
        Greeting.CODEC.encode(new Greeting(RECORD, "198.51.100.2:7677", 0, 42, "", "", List.of())));
    vectors.put(
        "greeting-refusal",
        Greeting.CODEC.encode(Greeting.refused(Greeting.DUPLICATE, "another link is there")));
    vectors.put("keep-alive", Greeting.CODEC.encode(Greeting.KEEP_ALIVE));
    var payload = Bytes.utf8("ask");
    vectors.put(
        "call-request",
        CallFrame.CODEC.encode(
            new CallFrame.Request(65_536, ECHO.toString(), "", 30_000, false, payload)));
    vectors.put(
        "call-request-alone",
        CallFrame.CODEC.encode(
            new CallFrame.Request(65_537, ECHO.toString(), "lab", 0, true, payload)));
    vectors.put("call-reply", CallFrame.CODEC.encode(new CallFrame.Reply(65_536, 2, payload)));
    vectors.put(
        "call-refusal",
        CallFrame.CODEC.encode(
            CallFrame.refusal(
                65_536, TransportCode.BUSY, "transport.max_calls = 1024 is reached")));
    vectors.put(
        "call-failure",
        CallFrame.CODEC.encode(
            CallFrame.failure(65_536, new Fault(KernelCode.BAD_SIGNATURE, "not yours"))));
    vectors.put("call-cancel", CallFrame.CODEC.encode(new CallFrame.Cancel(65_536)));
    return vectors;
  }

  @Test
  void messagesHaveTheBytesOfTheReference() throws IOException {
    var file = Path.of(System.getProperty("cis.root"), "docs/reference/vectors/transport.txt");
    var expected = new LinkedHashMap<String, String>();
    for (var line : Files.readAllLines(file)) {
      if (!line.startsWith("#") && !line.isBlank()) {
        var parts = line.split(" ", 2);
        expected.put(parts[0], parts.length > 1 ? parts[1] : "");
      }
    }
    var actual = new LinkedHashMap<String, String>();
    VECTORS.forEach((name, bytes) -> actual.put(name, HexFormat.of().formatHex(bytes)));
    assertThat(actual).isEqualTo(expected);
  }

  @Test
  void messagesSurviveTheWayThereAndBack() {
    VECTORS.forEach((name, bytes) ->
        assertThat(again(requireNonNull(CODECS.get(name)), bytes)).isEqualTo(bytes));
  }

  private static <T> byte[] again(Codec<T> codec, byte[] bytes) {
    return codec.encode(codec.decode(bytes));
  }

  @Property(tries = 3000)
  void mutatedMessagesAreReadOrRefused(
      @ForAll @IntRange(max = 17) int which,
      @ForAll @Size(max = 6) List<Integer> places,
      @ForAll byte value,
      @ForAll @IntRange(max = 1000) int cut) {
    var name = List.copyOf(VECTORS.keySet()).get(which);
    byte[] bytes = requireNonNull(VECTORS.get(name)).clone();
    for (int place : places) {
      if (bytes.length > 0) {
        bytes[Math.floorMod(place, bytes.length)] ^= value;
      }
    }
    if (cut < bytes.length) {
      bytes = Arrays.copyOf(bytes, cut);
    }
    readOrRefused(requireNonNull(CODECS.get(name)), bytes);
  }

  @Property(tries = 2000)
  void noiseIsReadOrRefused(@ForAll @Size(max = 300) byte[] noise) {
    CODECS.values().forEach(codec -> readOrRefused(codec, noise));
    refusedBy(() -> PeerFile.decode(noise));
  }

  @Property(tries = 1000)
  void damagedPeerFilesAreRefused(@ForAll int place, @ForAll @IntRange(min = 1, max = 255) int x) {
    var entry = entry(RECORD);
    byte[] bytes = PeerFile.encode(List.of(entry));
    assertThat(PeerFile.decode(bytes)).containsExactly(entry);
    bytes[Math.floorMod(place, bytes.length)] ^= (byte) x;
    assertThat(refusedBy(() -> PeerFile.decode(bytes))).isTrue();
  }

  @Test
  void unknownFlagsAreRefused() {
    for (long flags : new long[] {2, 3, 1L << 40, Long.MIN_VALUE}) {
      byte[] header =
          StreamHeader.CODEC.encode(new StreamHeader(ECHO, "", flags, 0, Bytes.of(new byte[16])));
      assertThat(refusedBy(() -> StreamHeader.CODEC.decode(header))).isTrue();
      byte[] answer = new WireWriter().uint(4, flags).toByteArray();
      assertThat(refusedBy(() -> StreamAnswer.CODEC.decode(answer))).isTrue();
    }
  }

  @Property(tries = 2000)
  void anyTextIsAnAddressOrRefused(@ForAll String text) {
    refusedBy(() -> Address.parse(text));
    refusedBy(() -> ProtocolId.parse(text));
  }

  @Test
  void decodersReadOrRefuseHundredsOfThousandsOfMutations() {
    var frames = new ArrayList<>(VECTORS.values());
    frames.add(PeerRecord.CODEC.encode(RECORD.value()));
    frames.add(PeerFile.ENTRY.encode(entry(null)));
    var fast =
        List.of(
            CallFrame.CODEC,
            Introduction.CODEC,
            StreamHeader.CODEC,
            StreamAnswer.CODEC,
            PeerRecord.CODEC,
            PeerFile.ENTRY);
    var outcome = Mutations.of(frames, 11).decode(400_000, Duration.ofSeconds(4), fast);
    assertThat(outcome.read()).isPositive();
    // These verify signatures, which takes its time.
    var signed = List.of(PeerRecord.SIGNED, Greeting.CODEC, PeerFile.ENTRY);
    frames.add(PeerFile.ENTRY.encode(entry(RECORD)));
    outcome = Mutations.of(frames, 12).decode(100_000, Duration.ofSeconds(2), signed);
    assertThat(outcome.read()).isPositive();
  }

  private static PeerBook.Entry entry(@Nullable Signed<PeerRecord> record) {
    var known =
        new PeerBook.Known(
            Address.parse("192.0.2.7:7677"), "manual", Instant.ofEpochMilli(5), null, null);
    return new PeerBook.Entry(RECORD.value().node(), record, List.of(known), "alpha", true, null);
  }

  private static void readOrRefused(Codec<?> codec, byte[] bytes) {
    refusedBy(() -> codec.decode(bytes));
  }

  /** Whether it was refused; any exception but a fault fails the test. */
  private static boolean refusedBy(Runnable decoder) {
    try {
      decoder.run();
      return false;
    } catch (Fault e) {
      return true;
    }
  }
}

package dev.cis.deploy.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.blobs.Digest;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.sim.Mutations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class DeployWireTest {
  private static final KeyPair KEY = KeyPair.ofSeed(new byte[32]);
  private static final DeployOrder.Strategy STRATEGY =
      new DeployOrder.Strategy(1, 2, true, true, Duration.ofMinutes(5), Duration.ofSeconds(10));
  private static final Release RELEASE =
      new Release("1.2.3", Digest.of(new byte[Digest.BYTES]), 4096);
  private static final Instant AT = Instant.ofEpochMilli(1_800_000_000_000L);
  private static final DeployOrder RUN =
      new DeployOrder(
          "web",
          DeployOrder.Action.RUN,
          RELEASE,
          Selector.labels("env=test,tier notin (a,b)"),
          7,
          AT,
          true,
          STRATEGY);
  private static final DeployOrder REMOVE =
      new DeployOrder(
          "web", DeployOrder.Action.REMOVE, null, Selector.all(), 8, AT, false, STRATEGY);
  private static final AppCommand STOP =
      new AppCommand("web", AppAction.STOP, null, KEY.nodeId(), Bytes.of(new byte[16]), AT);
  private static final AppCommand LOGS =
      new AppCommand(
          "web",
          null,
          new LogQuery("web", Set.of(LogStream.STDERR), AT, null, 20, "a+", true),
          KEY.nodeId(),
          Bytes.of(new byte[16]),
          AT);
  private static final AppRecord RECORD =
      new AppRecord(
          "web",
          KEY.publicKey(),
          7,
          AppRecord.Goal.STOPPED,
          RELEASE,
          STRATEGY,
          RELEASE,
          null,
          "why",
          true,
          "note",
          List.of(RELEASE));

  private static final Map<String, byte[]> VECTORS = new LinkedHashMap<>();

  static {
    VECTORS.put("order-run", DeployOrder.CODEC.encode(RUN));
    VECTORS.put("order-remove", DeployOrder.CODEC.encode(REMOVE));
    VECTORS.put("signed-order-run", DeployOrder.SIGNED.encode(RUN.sign(KEY)));
    VECTORS.put("command-stop", AppCommand.CODEC.encode(STOP));
    VECTORS.put("command-logs", AppCommand.CODEC.encode(LOGS));
    VECTORS.put("signed-command-stop", AppCommand.SIGNED.encode(STOP.sign(KEY)));
    VECTORS.put(
        "answer", AppCommand.Answer.CODEC.encode(new AppCommand.Answer("deploy.no-app", "no")));
    VECTORS.put(
        "log-line", LogRecord.CODEC.encode(new LogRecord.Line(LogStream.STDOUT, AT, "hello")));
    VECTORS.put("log-gap", LogRecord.CODEC.encode(new LogRecord.Gap(AT, "12 bytes")));
    VECTORS.put("log-end", LogRecord.CODEC.encode(new LogRecord.End(-1, "gone")));
    VECTORS.put("record", AppRecord.CODEC.encode(RECORD));
  }

  private static final List<Codec<?>> CODECS =
      List.of(
          DeployOrder.CODEC,
          DeployOrder.SIGNED,
          AppCommand.CODEC,
          AppCommand.SIGNED,
          AppCommand.Answer.CODEC,
          LogRecord.CODEC,
          AppRecord.CODEC,
          SelectorCodec.CODEC);

  @Test
  void messagesComeBackAsTheyWere() {
    for (var order : List.of(RUN, REMOVE)) {
      assertThat(DeployOrder.CODEC.decode(DeployOrder.CODEC.encode(order))).isEqualTo(order);
    }
    for (var command : List.of(STOP, LOGS)) {
      assertThat(AppCommand.CODEC.decode(AppCommand.CODEC.encode(command))).isEqualTo(command);
    }
    assertThat(AppRecord.CODEC.decode(AppRecord.CODEC.encode(RECORD))).isEqualTo(RECORD);
    var end = new LogRecord.End(-1, "gone");
    assertThat(LogRecord.CODEC.decode(LogRecord.CODEC.encode(end))).isEqualTo(end);
  }

  @Test
  void theBytesAreThoseOfTheGoldenVectors() throws IOException {
    var file = Path.of(System.getProperty("cis.root", ".."), "docs/reference/vectors/deploy.txt");
    var golden = new LinkedHashMap<String, String>();
    for (var line : Files.readAllLines(file)) {
      if (!line.isBlank() && !line.startsWith("#")) {
        var parts = line.split(" ", 2);
        golden.put(parts[0], parts[1]);
      }
    }
    var ours = new LinkedHashMap<String, String>();
    VECTORS.forEach((name, bytes) -> ours.put(name, HexFormat.of().formatHex(bytes)));
    assertThat(ours).isEqualTo(golden);
  }

  @Test
  void theGuardAdmitsOnlyAnOrderInItsOwnPlace() {
    var key = DeployOrder.key(KEY.publicKey(), "web");
    var value = DeployOrder.SIGNED.encode(RUN.sign(KEY));
    assertThat(DeployOrder.refusal(key, value, false)).isEmpty();
    assertThat(DeployOrder.refusal(key, value, true)).isPresent();
    assertThat(DeployOrder.refusal(key + "2", value, false)).isPresent();
    assertThat(DeployOrder.refusal("deploy/web", value, false)).isPresent();
    var other =
        KeyPair.ofSeed(
            new byte[] {
              1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5,
              6, 7, 8
            });
    var forged = DeployOrder.SIGNED.encode(RUN.sign(other));
    assertThat(DeployOrder.refusal(key, forged, false)).isPresent();
    value[value.length - 1] ^= 1;
    assertThat(DeployOrder.refusal(key, value, false).orElse("")).contains("signature");
  }

  @Property(tries = 3000)
  void changedBytesAreReadOrRefusedNothingElse(
      @ForAll @IntRange(max = 10) int which,
      @ForAll @Size(min = 1, max = 6) List<@IntRange(max = 65535) Integer> changes,
      @ForAll @IntRange(max = 400) int cut) {
    var bytes = List.copyOf(VECTORS.values()).get(which).clone();
    for (int change : changes) {
      bytes[(change >> 4) % bytes.length] ^= (byte) (1 << (change & 7));
    }
    var some = cut < bytes.length ? java.util.Arrays.copyOf(bytes, cut) : bytes;
    for (var codec : CODECS) {
      onlyFaults(codec, some);
    }
  }

  @Test
  void decodersReadOrRefuseHundredsOfThousandsOfMutations() {
    var fast =
        List.of(
            DeployOrder.CODEC,
            AppCommand.CODEC,
            AppCommand.Answer.CODEC,
            LogRecord.CODEC,
            AppRecord.CODEC,
            SelectorCodec.CODEC);
    var mutations = Mutations.of(VECTORS.values(), 51);
    assertThat(mutations.decode(400_000, Duration.ofSeconds(4), fast).read()).isPositive();
    var signed = List.of(DeployOrder.SIGNED, AppCommand.SIGNED);
    assertThat(mutations.decode(50_000, Duration.ofSeconds(1), signed).read()).isPositive();
  }

  private static void onlyFaults(Codec<?> codec, byte[] bytes) {
    try {
      var read = codec.decode(bytes);
      assertThat(read).isNotNull();
    } catch (Fault fault) {
      assertThat(fault.getMessage()).isNotBlank();
    }
  }
}

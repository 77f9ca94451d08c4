package dev.cis.blobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.blobs.BlobMessage.Answer;
import dev.cis.blobs.BlobMessage.Outcome;
import dev.cis.blobs.BlobMessage.Request;
import dev.cis.blobs.BlobMessage.Wish;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Codec;
import dev.cis.sim.Mutations;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class BlobMessageTest {
  private static final Digest DIGEST = Digest.ofBytes(new byte[] {1, 2, 3});
  private static final ChunkList LIST =
      new ChunkList(DIGEST, 300_000, List.of(new ChunkList.Chunk(262_144, DIGEST), tail()));

  private static ChunkList.Chunk tail() {
    return new ChunkList.Chunk(37_856, Digest.ofBytes(new byte[0]));
  }

  private static Map<String, byte[]> vectors() {
    var vectors = new LinkedHashMap<String, byte[]>();
    vectors.put("request-have", Request.CODEC.encode(new Request(Wish.HAVE, DIGEST, 0, 0)));
    vectors.put(
        "request-chunks", Request.CODEC.encode(new Request(Wish.CHUNKS, DIGEST, 262_144, 37_856)));
    vectors.put("answer-absent", Answer.CODEC.encode(Answer.of(Outcome.ABSENT)));
    vectors.put(
        "answer-manifest",
        Answer.CODEC.encode(
            new Answer(Outcome.OK, 300_000, Optional.of(LIST.id()), Optional.of(LIST), 0)));
    vectors.put("chunk-list", ChunkList.CODEC.encode(LIST));
    return vectors;
  }

  @Test
  void messagesAreTheBytesThatAreWrittenDown() throws Exception {
    var file =
        Path.of(System.getProperty("cis.root", "..")).resolve("docs/reference/vectors/blobs.txt");
    var written = new LinkedHashMap<String, String>();
    for (var line : Files.readAllLines(file)) {
      if (!line.isBlank() && !line.startsWith("#")) {
        int space = line.indexOf(' ');
        written.put(line.substring(0, space), line.substring(space + 1));
      }
    }
    var made = new LinkedHashMap<String, String>();
    vectors().forEach((name, bytes) -> made.put(name, HexFormat.of().formatHex(bytes)));
    assertThat(made).isEqualTo(written);
  }

  @Test
  void messagesAreReadAsTheyWereWritten() {
    for (var wish : Wish.values()) {
      var request = new Request(wish, DIGEST, 5, 7);
      assertThat(Request.CODEC.decode(Request.CODEC.encode(request))).isEqualTo(request);
    }
    for (var outcome : Outcome.values()) {
      var answer = new Answer(outcome, 300_000, Optional.of(DIGEST), Optional.of(LIST), 9);
      assertThat(Answer.CODEC.decode(Answer.CODEC.encode(answer))).isEqualTo(answer);
    }
  }

  @Property(tries = 5_000)
  void mutatedMessagesGiveFaultsOnly(@ForAll long seed) {
    var random = new Random(seed);
    for (var good : vectors().values()) {
      byte[] bytes = Arrays.copyOf(good, random.nextInt(good.length + 1));
      for (int i = random.nextInt(4); i > 0 && bytes.length > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      decodes(Request.CODEC, bytes);
      decodes(Answer.CODEC, bytes);
      decodes(ChunkList.CODEC, bytes);
    }
  }

  @Test
  void decodersReadOrRefuseHundredsOfThousandsOfMutations() {
    var codecs = List.of(Request.CODEC, Answer.CODEC, ChunkList.CODEC);
    var outcome =
        Mutations.of(vectors().values(), 41).decode(400_000, Duration.ofSeconds(4), codecs);
    assertThat(outcome.read()).isPositive();
  }

  private static <T> void decodes(Codec<T> codec, byte[] bytes) {
    try {
      assertThat(codec.decode(bytes)).isNotNull();
    } catch (Fault e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }
}

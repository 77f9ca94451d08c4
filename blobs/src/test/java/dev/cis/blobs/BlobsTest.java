package dev.cis.blobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cis.blobs.BlobMessage.Answer;
import dev.cis.blobs.BlobMessage.Outcome;
import dev.cis.blobs.BlobMessage.Request;
import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.StreamHandler;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.memory.MemoryNetwork;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class BlobsTest {
  private static final BlobsConfig CONFIG = new BlobsConfig(64 << 20, 4, 4, Duration.ofSeconds(20));

  @TempDir Path directory;
  private final MemoryNetwork network = new MemoryNetwork();
  private final List<AutoCloseable> open = new ArrayList<>();
  private int seed = 1;

  @AfterEach
  void closeAll() throws Exception {
    for (var closeable : open.reversed()) {
      closeable.close();
    }
  }

  private Swarm join() {
    var swarm =
        network.join(
            KeyPair.generate(new Random(seed++)),
            TransportConfig.DEFAULT,
            StoredPeerBook.inMemory(),
            new PeerDescription("", new TreeMap<>(), List.of(), List.of()));
    open.add(swarm);
    return swarm;
  }

  private Blobs blobs(String name, Swarm swarm) {
    var blobs = Blobs.open(directory.resolve(name), swarm, CONFIG);
    open.add(blobs);
    return blobs;
  }

  private static void meet(Swarm a, Swarm... others) {
    for (var other : others) {
      a.connect(other.localAddresses().getFirst(), Duration.ofSeconds(10));
    }
  }

  private static byte[] random(int size) {
    var bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private static Digest put(Blobs blobs, byte[] bytes) throws IOException {
    return blobs.put(new ByteArrayInputStream(bytes));
  }

  private static String refused(ThrowingCallable action, Code code) {
    var fault = catchThrowableOfType(Fault.class, action);
    assertThat(fault).isNotNull();
    assertThat(fault.code()).as(fault.getMessage()).isEqualTo(code);
    return String.valueOf(fault.getMessage());
  }

  private Path file(String node, Digest digest) {
    return directory.resolve(node).resolve(digest.toString());
  }

  private void isClean(String node) throws IOException {
    try (var left = Files.list(directory.resolve(node).resolve("partial"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aBlobGoesFromOneNodeToAnother() throws Exception {
    var a = join();
    var b = join();
    var has = blobs("a", a);
    var wants = blobs("b", b);
    meet(b, a);
    for (int size : new int[] {0, 1, 262_144, 262_145, 5_000_000}) {
      byte[] bytes = random(size);
      var digest = put(has, bytes);
      assertThat(digest).isEqualTo(Digest.ofBytes(bytes));
      assertThat(put(has, bytes)).isEqualTo(digest);
      var last = new AtomicLong();
      var path =
          wants.fetch(
              digest,
              size,
              List.of(a.self()),
              (done, total, from) -> {
                assertThat(done).isGreaterThan(last.get());
                assertThat(from).isEqualTo(a.self());
                last.set(done);
              });
      assertThat(last).hasValue(size);
      assertThat(path).hasBinaryContent(bytes);
      assertThat(wants.find(digest)).contains(path);
      // Here already: no source is needed.
      assertThat(wants.fetch(digest, size, List.of(), Blobs.Progress.NONE)).isEqualTo(path);
      assertThat(wants.remove(digest)).isTrue();
      assertThat(wants.remove(digest)).isFalse();
      assertThat(wants.find(digest)).isEmpty();
    }
    isClean("a");
    isClean("b");
  }

  @Test
  void everySourceThatCannotDeliverIsNamed() throws Exception {
    var a = join();
    var b = join();
    var c = join();
    blobs("a", a);
    var wants = blobs("c", c);
    meet(c, a, b);
    var digest = Digest.ofBytes(new byte[1]);
    var message =
        refused(
            () -> wants.fetch(digest, 1, List.of(a.self(), b.self()), Blobs.Progress.NONE),
            BlobsCode.UNAVAILABLE);
    assertThat(message)
        .contains(a.self().brief() + ": it does not have the blob")
        .contains(b.self().brief() + ": transport.no-protocol");
    refused(() -> wants.fetch(digest, 1, List.of(), Blobs.Progress.NONE), BlobsCode.UNAVAILABLE);
    refused(
        () -> wants.fetch(digest, 65 << 20, List.of(a.self()), Blobs.Progress.NONE),
        BlobsCode.TOO_LARGE);
  }

  @Test
  void aSourceThatDiesInTheMiddleIsReplaced() throws Exception {
    var a = join();
    var b = join();
    var c = join();
    byte[] bytes = random(8_000_000);
    var digest = put(blobs("a", a), bytes);
    put(blobs("b", b), bytes);
    var wants = blobs("c", c);
    meet(c, a, b);
    var fromB = new AtomicLong();
    var died = new AtomicInteger();
    var path =
        wants.fetch(
            digest,
            bytes.length,
            List.of(a.self(), b.self()),
            (done, total, from) -> {
              if (from.equals(b.self())) {
                fromB.incrementAndGet();
              } else if (died.getAndIncrement() == 3) {
                network.partition(List.of(a.self()));
              }
            });
    assertThat(path).hasBinaryContent(bytes);
    assertThat(fromB).hasPositiveValue();
  }

  /** A source that follows the protocol but for the bytes of one chunk. */
  private static StreamHandler liar(byte[] bytes, ChunkList list, int badOffset) {
    return stream -> {
      while (true) {
        byte[] message = stream.receive(BlobMessage.MAX_REQUEST);
        if (message == null) {
          return;
        }
        var request = Request.CODEC.decode(message);
        var id = Optional.of(list.id());
        switch (request.wish()) {
          case HAVE ->
              stream.send(
                  Answer.CODEC.encode(
                      new Answer(Outcome.OK, list.size(), id, Optional.empty(), 0)));
          case MANIFEST ->
              stream.send(
                  Answer.CODEC.encode(
                      new Answer(Outcome.OK, list.size(), id, Optional.of(list), 0)));
          case CHUNKS -> {
            int from = (int) request.offset();
            byte[] part = java.util.Arrays.copyOfRange(bytes, from, from + request.length());
            if (badOffset >= from && badOffset < from + part.length) {
              part[badOffset - from] ^= 1;
            }
            stream.send(
                Answer.CODEC.encode(
                    new Answer(
                        Outcome.OK, list.size(), Optional.empty(), Optional.empty(), part.length)));
            stream.write(ByteBuffer.wrap(part));
          }
        }
      }
    };
  }

  private static ChunkList listOf(byte[] bytes, Digest digest) {
    var chunks = new ArrayList<ChunkList.Chunk>();
    for (int at = 0; at < bytes.length; at += ChunkList.CHUNK_BYTES) {
      int end = Math.min(bytes.length, at + ChunkList.CHUNK_BYTES);
      chunks.add(
          new ChunkList.Chunk(
              end - at, Digest.ofBytes(java.util.Arrays.copyOfRange(bytes, at, end))));
    }
    return new ChunkList(digest, bytes.length, chunks);
  }

  @Test
  void aSourceThatLiesAboutAChunkIsDropped() throws Exception {
    var a = join();
    var b = join();
    var c = join();
    byte[] bytes = random(6_000_000);
    var digest = put(blobs("b", b), bytes);
    open.add(a.handle(BlobMessage.PROTOCOL, liar(bytes, listOf(bytes, digest), 3_000_000)));
    var wants = blobs("c", c);
    meet(c, a, b);
    var fromA = new AtomicInteger();
    var path =
        wants.fetch(
            digest,
            bytes.length,
            List.of(a.self(), b.self()),
            (done, total, from) -> fromA.addAndGet(from.equals(a.self()) ? 1 : 0));
    assertThat(path).hasBinaryContent(bytes);
    assertThat(fromA).as("good chunks of the liar are kept").hasValue(3_000_000 / 262_144);
    isClean("c");
  }

  @Test
  void aFalseChunkListDoesNotDropHonestSources() throws Exception {
    var a = join();
    var b = join();
    var c = join();
    byte[] bytes = random(1_000_000);
    byte[] other = random(1_000_000);
    other[0] ^= 1;
    var digest = put(blobs("b", b), bytes);
    open.add(a.handle(BlobMessage.PROTOCOL, liar(other, listOf(other, digest), -1)));
    var wants = blobs("c", c);
    meet(c, a, b);
    var path = wants.fetch(digest, bytes.length, List.of(a.self(), b.self()), Blobs.Progress.NONE);
    assertThat(path).hasBinaryContent(bytes);
    var alone = blobs("d", joinAndMeet(a));
    assertThat(
            refused(
                () -> alone.fetch(digest, bytes.length, List.of(a.self()), Blobs.Progress.NONE),
                BlobsCode.UNAVAILABLE))
        .contains("does not lead to the digest");
    isClean("d");
  }

  private Swarm joinAndMeet(Swarm... others) {
    var swarm = join();
    meet(swarm, others);
    return swarm;
  }

  @Test
  void aTransferThatWasBrokenOffGoesOn() throws Exception {
    var a = join();
    byte[] bytes = random(6_000_000);
    var digest = put(blobs("a", a), bytes);
    var first = Blobs.open(directory.resolve("c"), joinAndMeet(a), CONFIG);
    var reached = new AtomicLong();
    refused(
        () ->
            first.fetch(
                digest,
                bytes.length,
                List.of(a.self()),
                (done, total, from) -> {
                  reached.set(done);
                  if (done > 2_000_000) {
                    first.close();
                  }
                }),
        BlobsCode.CLOSED);
    assertThat(reached.get()).isLessThan(bytes.length);
    assertThat(file("c", digest)).doesNotExist();
    // A disk that went bad meanwhile: that chunk does not count.
    try (var data =
        java.nio.channels.FileChannel.open(
            directory.resolve("c/partial/" + digest + ".data"),
            java.nio.file.StandardOpenOption.WRITE)) {
      data.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 300_000);
    }
    var second = blobs("c", joinAndMeet(a));
    var start = new AtomicLong();
    var path =
        second.fetch(
            digest,
            bytes.length,
            List.of(a.self()),
            (done, total, from) -> start.compareAndSet(0, done));
    assertThat(start.get()).isGreaterThan(1_500_000).isLessThanOrEqualTo(reached.get());
    assertThat(path).hasBinaryContent(bytes);
    isClean("c");
  }

  @Test
  void whatWasDamagedOnDiskIsNotServedAndFetchedAgainInPart() throws Exception {
    var a = join();
    var b = join();
    var c = join();
    byte[] bytes = random(4_000_000);
    var has = blobs("a", a);
    var digest = put(has, bytes);
    put(blobs("b", b), bytes);
    meet(c, a, b);
    meet(a, b);
    byte[] bad = bytes.clone();
    bad[3_500_000] ^= 1;
    Files.write(file("a", digest), bad);
    var wants = blobs("c", c);
    assertThat(
            refused(
                () -> wants.fetch(digest, bytes.length, List.of(a.self()), Blobs.Progress.NONE),
                BlobsCode.UNAVAILABLE))
        .contains("its copy is damaged");
    assertThat(has.find(digest)).isEmpty();
    var chunks = new AtomicInteger();
    var path =
        has.fetch(
            digest,
            bytes.length,
            List.of(b.self()),
            (done, total, from) -> chunks.incrementAndGet());
    assertThat(path).hasBinaryContent(bytes);
    assertThat(chunks).as("only the damaged chunk travels").hasValue(1);
  }

  @Test
  void manyWhoWantOneBlobShareOneTransfer() throws Exception {
    var a = join();
    byte[] bytes = random(3_000_000);
    var has = blobs("a", a);
    var digest = put(has, bytes);
    var wants = blobs("b", joinAndMeet(a));
    var begun = new CountDownLatch(1);
    var all = new CountDownLatch(3);
    var told = new AtomicInteger();
    var results = new ArrayList<CompletableFuture<Path>>();
    for (int i = 0; i < 3; i++) {
      var result = new CompletableFuture<Path>();
      results.add(result);
      boolean leader = i == 0;
      Thread.ofVirtual()
          .start(() -> {
            try {
              all.countDown();
              result.complete(
                  wants.fetch(
                      digest,
                      bytes.length,
                      List.of(a.self()),
                      (done, total, from) -> {
                        begun.countDown();
                        told.addAndGet(leader ? 1 : 0);
                        awaitAll(all);
                      }));
            } catch (InterruptedException | RuntimeException e) {
              result.completeExceptionally(e);
            }
          });
      if (leader) {
        assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
      }
    }
    for (var result : results) {
      assertThat(result.get(20, TimeUnit.SECONDS)).hasBinaryContent(bytes);
    }
    assertThat(told).as("each chunk came once").hasValue(12);
  }

  private static void awaitAll(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void garbageOnAStreamHarmsNobody() throws Exception {
    var a = join();
    var b = join();
    var has = blobs("a", a);
    byte[] bytes = random(10_000);
    var digest = put(has, bytes);
    meet(b, a);
    var random = new Random(7);
    for (int i = 0; i < 200; i++) {
      try (var stream = b.open(a.self(), BlobMessage.PROTOCOL, Duration.ofSeconds(20))) {
        var garbage = new byte[random.nextInt(400)];
        random.nextBytes(garbage);
        stream.send(garbage);
        stream.finish();
        byte[] _ = stream.receive(BlobMessage.MAX_ANSWER);
      } catch (Fault e) {
        assertThat(e.code().text()).startsWith("transport.");
      }
    }
    var wants = blobs("b", b);
    assertThat(wants.fetch(digest, bytes.length, List.of(a.self()), Blobs.Progress.NONE))
        .hasBinaryContent(bytes);
  }

  @Test
  void whatDoesNotFitIsRefusedAndLeavesNothing() throws Exception {
    var blobs = blobs("a", join());
    var endless =
        new InputStream() {
          @Override
          public int read() {
            return 0;
          }
        };
    assertThat(refused(() -> blobs.put(endless), BlobsCode.TOO_LARGE)).contains("max_blob_bytes");
    isClean("a");
    Files.createFile(directory.resolve("file"));
    refused(() -> Blobs.open(directory.resolve("file"), join(), CONFIG), BlobsCode.STORAGE);
  }

  @Test
  void aLostChunkListIsMadeAnew() throws Exception {
    var a = join();
    byte[] bytes = random(700_000);
    var digest = put(blobs("a", a), bytes);
    Files.write(directory.resolve("a/manifests/" + digest), new byte[] {1, 2, 3});
    var wants = blobs("b", joinAndMeet(a));
    assertThat(wants.fetch(digest, bytes.length, List.of(a.self()), Blobs.Progress.NONE))
        .hasBinaryContent(bytes);
  }

  @Test
  void aSourceThatNamesAnotherSizeIsRefused() throws Exception {
    var a = join();
    var digest = put(blobs("a", a), random(1_000));
    NodeId source = a.self();
    var wants = blobs("b", joinAndMeet(a));
    assertThat(
            refused(
                () -> wants.fetch(digest, 999, List.of(source), Blobs.Progress.NONE),
                BlobsCode.UNAVAILABLE))
        .contains("1000 bytes, not 999");
  }
}

package dev.cis.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.KeyPair;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What compressed streams do over every network. */
@Timeout(120)
public abstract class CompressionConformance {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final ProtocolId ECHO = ProtocolId.parse("/cis/app/echo/1.0");
  private static final int MAX = 4 << 20;

  private final List<AutoCloseable> opened = new ArrayList<>();

  /** A node on the network under test. */
  protected abstract Swarm join(
      KeyPair key, TransportConfig config, PeerBook book, PeerDescription description);

  /** A place on it for one who speaks byte by byte. */
  protected abstract Network outsider(KeyPair key);

  @AfterEach
  void closeAll() throws Exception {
    for (var closeable : opened) {
      closeable.close();
    }
  }

  private Swarm node(String name, boolean compresses) {
    var swarm =
        join(
            KeyPair.generate(new SecureRandom()),
            TransportConfig.DEFAULT,
            StoredPeerBook.inMemory(),
            SwarmConformance.named(name));
    opened.add(swarm);
    if (compresses) {
      swarm.compress(ECHO);
    }
    return swarm;
  }

  private static void echo(Stream stream) {
    byte[] message;
    while ((message = stream.receive(MAX)) != null) {
      stream.send(message);
    }
  }

  /** Bytes on the streams of the protocol: out and in of the opener. */
  private record Cost(long out, long in) {}

  /** Sends each message and awaits it back before the next one. */
  private Cost exchange(boolean here, boolean there, List<byte[]> messages) {
    var a = node("a", here);
    var b = node("b", there);
    var _ = b.handle(ECHO, CompressionConformance::echo);
    a.connect(b.localAddresses().getFirst(), LONG);
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      for (byte[] message : messages) {
        stream.send(message);
        assertThat(stream.receive(MAX)).isEqualTo(message);
      }
      stream.finish();
      assertThat(stream.receive(MAX)).isNull();
    }
    var at = requireNonNull(a.traffic().look().protocols().get("/cis/app/echo"));
    var far = requireNonNull(b.traffic().look().protocols().get("/cis/app/echo"));
    assertThat(far.in().total()).isEqualTo(at.out().total());
    return new Cost(at.out().total(), at.in().total());
  }

  static byte[] text(int size, int seed) {
    var random = new Random(seed);
    var text = new StringBuilder();
    while (text.length() < size) {
      text.append("{\"host\":\"node-").append(random.nextInt(1000));
      text.append("\",\"state\":\"running\",\"since\":").append(random.nextInt()).append("}\n");
    }
    return text.substring(0, size).getBytes(UTF_8);
  }

  static byte[] noise(int size) {
    byte[] noise = new byte[size];
    new Random(5).nextBytes(noise);
    return noise;
  }

  @Test
  void messagesOfAllSizesPassAndTextShrinksBothWays() {
    var messages = new ArrayList<byte[]>();
    for (int size : new int[] {0, 1, 63, 64, 65, 5000, 65_535, 65_536, 65_537, 200_000, 1 << 20}) {
      messages.add(text(size, size));
    }
    long sum = messages.stream().mapToLong(message -> message.length).sum();
    var plain = exchange(false, false, messages);
    assertThat(plain.out).isGreaterThan(sum);
    var packed = exchange(true, true, messages);
    assertThat(packed.out).isLessThan(plain.out / 2);
    assertThat(packed.in).isLessThan(plain.in / 2);
  }

  @Test
  void noiseGrowsByLessThanOnePercent() {
    var messages = List.of(noise(10), noise(200_000), noise(300_000));
    var plain = exchange(false, false, messages);
    var packed = exchange(true, true, messages);
    assertThat(packed.out).isBetween(plain.out, plain.out + plain.out / 100);
    assertThat(packed.in).isBetween(plain.in, plain.in + plain.in / 100);
  }

  @Test
  void aPeerThatDoesNotAgreeIsSpokenToUncompressed() {
    var messages = List.of(text(1000, 1), text(100_000, 2), text(100_000, 3));
    var plain = exchange(false, false, messages);
    var asked = exchange(true, false, messages);
    assertThat(asked.in).as("as without compression").isEqualTo(plain.in);
    assertThat(asked.out).isBetween(plain.out, plain.out + plain.out / 100);
    assertThat(exchange(false, true, messages)).as("nobody asked").isEqualTo(plain);
  }

  @Test
  void rawBytesBehindMessagesPassBothWays() {
    var a = node("a", true);
    var b = node("b", true);
    byte[] bytes = text(500_000, 4);
    var _ =
        b.handle(
            ECHO,
            stream -> {
              var name = requireNonNull(stream.receive(100));
              stream.send(name);
              var all = readAll(stream);
              stream.write(ByteBuffer.wrap(all));
              stream.finish();
            });
    a.connect(b.localAddresses().getFirst(), LONG);
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      stream.send("name".getBytes(UTF_8));
      assertThat(stream.receive(100)).isEqualTo("name".getBytes(UTF_8));
      stream.write(ByteBuffer.wrap(bytes, 0, 100));
      stream.write(ByteBuffer.allocate(0));
      stream.write(ByteBuffer.wrap(bytes, 100, bytes.length - 100));
      stream.finish();
      assertThat(readAll(stream)).isEqualTo(bytes);
    }
    var used = requireNonNull(a.traffic().look().protocols().get("/cis/app/echo"));
    assertThat(used.out().total()).isLessThan(bytes.length / 2);
    assertThat(used.in().total()).isLessThan(bytes.length / 2);
  }

  private static byte[] readAll(Stream stream) {
    var all = new ByteArrayOutputStream();
    var buffer = ByteBuffer.allocate(7001);
    while (stream.read(buffer.clear()) >= 0) {
      all.write(buffer.array(), 0, buffer.position());
    }
    return all.toByteArray();
  }

  @Test
  void aRefusalIsReadByWhoAskedForCompression() {
    var a = node("a", true);
    var b = node("b", true);
    a.connect(b.localAddresses().getFirst(), LONG);
    try (var stream = a.open(b.self(), ECHO, LONG)) {
      assertThatThrownBy(() -> stream.receive(10))
          .isInstanceOfSatisfying(
              Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.NO_PROTOCOL));
    }
  }

  private Network place() {
    var network = outsider(KeyPair.generate(new SecureRandom()));
    opened.add(network);
    return network;
  }

  private static Live attended(Link link, BlockingQueue<Pipe> pipes) {
    var live = new Live(link);
    live.meter(new Traffic(Bandwidth.DEFAULT, System::nanoTime), new Counters());
    link.attend(
        new Link.Attendant() {
          @Override
          public void accepted(EventPipe pipe) {
            pipes.add(pipe.toPipe());
          }

          @Override
          public void ended(String reason) {}
        });
    return live;
  }

  /** Writes such bytes behind the header to an acceptor, which must refuse them. */
  private void hostile(byte[] bytes, boolean agreed, dev.cis.kernel.fault.Code code)
      throws Exception {
    var links = new LinkedBlockingQueue<Live>();
    var pipes = new LinkedBlockingQueue<Pipe>();
    var victim = place();
    victim.accept(link -> links.add(attended(link, pipes)));
    var at = victim.localAddresses().getFirst();
    var link = place().dial(new InetSocketAddress(at.host(), at.port()), null, LONG);
    var _ = attended(link, new LinkedBlockingQueue<>());
    var pipe = link.open();
    pipe.write(ByteBuffer.wrap(bytes), true, Pipe.FOREVER);
    var live = requireNonNull(links.poll(20, TimeUnit.SECONDS));
    var stream =
        FramedStream.accepted(
            requireNonNull(pipes.poll(20, TimeUnit.SECONDS)),
            live,
            ECHO,
            MAX,
            0,
            ByteBuffer.allocate(0));
    stream.deadline(LONG);
    stream.accept(ECHO, true, agreed);
    assertThatThrownBy(() -> readAll(stream))
        .isInstanceOfSatisfying(Fault.class, e -> assertThat(e.code()).isEqualTo(code));
    assertThatThrownBy(() -> pipe.read(ByteBuffer.allocate(1), LONG.toNanos()))
        .isInstanceOfSatisfying(
            Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.STREAM_RESET));
    stream.close();
  }

  @Test
  void aBombResetsTheStream() throws Exception {
    // 64 KiB of zeros that say they are a hundred.
    byte[] honest = Blocks.next(ByteBuffer.allocate(Blocks.MOST), true);
    assertThat(honest.length).isLessThan(400);
    byte[] bomb = new byte[honest.length - 1];
    System.arraycopy(honest, 3, bomb, 2, honest.length - 3);
    bomb[0] = (byte) 0xFF; // 1023 bytes, deflated
    bomb[1] = 0x0F;
    hostile(bomb, true, KernelCode.MALFORMED);
  }

  @Test
  void aBlockOverTheLimitResetsTheStream() throws Exception {
    hostile(new byte[] {(byte) 0x83, (byte) 0x80, 0x08, 1, 0}, true, TransportCode.FRAME_TOO_LARGE);
  }

  @Test
  void aDeflatedBlockThatWasNotAgreedOnResetsTheStream() throws Exception {
    hostile(Blocks.next(ByteBuffer.wrap(text(1000, 1)), true), false, KernelCode.MALFORMED);
  }

  @Test
  void anEndInsideABlockResetsTheStream() throws Exception {
    byte[] block = Blocks.next(ByteBuffer.wrap(text(1000, 1)), true);
    hostile(java.util.Arrays.copyOf(block, block.length - 1), true, KernelCode.MALFORMED);
  }

  @Test
  void anAnswerThatAgreesUnaskedIsRefused() throws Exception {
    var links = new LinkedBlockingQueue<Live>();
    var pipes = new LinkedBlockingQueue<Pipe>();
    var far = place();
    far.accept(link -> links.add(attended(link, pipes)));
    var at = far.localAddresses().getFirst();
    var link = place().dial(new InetSocketAddress(at.host(), at.port()), null, LONG);
    var live = attended(link, new LinkedBlockingQueue<>());
    var header = new StreamHeader(ECHO, "", 0, 0, dev.cis.kernel.wire.Bytes.of(new byte[16]));
    var stream = FramedStream.opened(link.open(), live, header, MAX);
    stream.deadline(LONG);
    stream.send(new byte[3]);
    byte[] answer = StreamAnswer.CODEC.encode(StreamAnswer.accepted(ECHO, true));
    requireNonNull(pipes.poll(20, TimeUnit.SECONDS))
        .write(ByteBuffer.wrap(FramedStream.framed(answer)), false, Pipe.FOREVER);
    assertThatThrownBy(() -> stream.receive(10))
        .isInstanceOfSatisfying(Fault.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID));
  }
}

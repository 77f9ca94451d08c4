package dev.cis.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.node.Home;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ControlSocketTest {
  private static final int MUTATIONS = 3000;

  private final Home home;
  private ControlServer server;
  private final CountDownLatch gone = new CountDownLatch(1);

  @SuppressWarnings("this-escape") // the handler is used only after construction
  ControlSocketTest() throws IOException {
    home = new Home(Files.createTempDirectory("cis-api"));
    server = ControlServer.open(home, this::handle);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    Files.delete(home.directory());
  }

  private Result handle(Request request, Call call) throws InterruptedException, IOException {
    return switch (request) {
      case Request.Status() -> throw new IllegalStateException("a defect");
      case Request.Ping(var node, var count, var untilDirect) -> {
        for (int i = 1; i <= count; i++) {
          call.item(new Result.Pong(i, 1.5, untilDirect ? "direct" : "relay", null));
        }
        yield new Result.PingSummary(node, node, count, count, 1.5, 1.5, 1.5, null);
      }
      case Request.Subscribe _ -> {
        call.item(new Result.Heard("t", "a", "a", "x", null, java.time.Instant.EPOCH, 0));
        try {
          call.awaitClose();
        } finally {
          gone.countDown();
        }
        yield new Result.Done("");
      }
      case Request.Deploy _ ->
          new Result.Deployed(
              "app", "1", null, call.upload().readAllBytes().length, "done", java.util.List.of());
      case Request.Disconnect(var node) -> throw new Fault(ApiCode.NO_SUCH_NODE, "no node " + node);
      default -> new Result.Done("done");
    };
  }

  @Test
  void onlyTheOwnerMayOpenTheSocket() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.socket())))
        .isEqualTo("rw-------");
  }

  @Test
  void answersStreamAndErrorsKeepCodeAndKind() {
    var client = new ControlClient(home);
    var pongs = new ArrayList<Result.Pong>();
    var summary =
        client.stream(
            new Request.Ping("n", 3, true),
            Result.Pong.class,
            pongs::add,
            Result.PingSummary.class);
    assertThat(pongs).extracting(Result.Pong::sequence).containsExactly(1, 2, 3);
    assertThat(pongs).extracting(Result.Pong::path).containsOnly("direct");
    assertThat(summary.received()).isEqualTo(3);
    assertThatThrownBy(() -> client.call(new Request.Disconnect("x"), Result.Done.class))
        .isInstanceOfSatisfying(
            Fault.class,
            f -> {
              assertThat(f.code().text()).isEqualTo("api.no-such-node");
              assertThat(f.kind()).isEqualTo(Kind.NOT_FOUND);
            });
  }

  @Test
  void aDefectIsAnAnswerAndTheDaemonLivesOn() {
    var client = new ControlClient(home);
    assertThatThrownBy(() -> client.call(new Request.Status(), Result.Status.class))
        .hasMessageContaining("defect");
    assertThat(client.call(new Request.Stop(), Result.Done.class).message()).isEqualTo("done");
  }

  @Test
  void anUploadArrivesWhole() {
    var bytes = new byte[300_000];
    var answer =
        new ControlClient(home)
            .stream(
                new Request.Deploy(null, null, null, false, true, 0),
                new ByteArrayInputStream(bytes),
                sent -> {},
                Result.Progress.class,
                item -> {},
                Result.Deployed.class);
    assertThat(answer.sequence()).isEqualTo(300_000);
  }

  @Test
  void aClientThatGoesEndsItsRequest() throws Exception {
    try (var channel = SocketChannel.open(UnixDomainSocketAddress.of(home.socket()))) {
      var frames = new Frames(channel);
      frames.json(Vocabulary.toObject(new Request.Subscribe("t")));
      assertThat(frames.read(Frames.Type.JSON)).isNotNull();
    }
    assertThat(gone.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void withoutADaemonTheClientSaysHowToStartOne() {
    server.close();
    assertThatThrownBy(() -> new ControlClient(home).call(new Request.Stop(), Result.Done.class))
        .isInstanceOfSatisfying(Fault.class, f -> assertThat(f.kind()).isEqualTo(Kind.UNREACHABLE))
        .hasMessage("no daemon is running for " + home + ": start it with 'cis p2p start'");
  }

  @Test
  void theSocketOfADeadDaemonIsTakenOver() throws IOException {
    server.close();
    var other = new Home(Files.createTempDirectory("cis-api"));
    Files.createFile(other.socket());
    var client = new ControlClient(other);
    assertThatThrownBy(() -> client.call(new Request.Stop(), Result.Done.class))
        .hasMessageContaining("no daemon is running");
    try (var _ = ControlServer.open(other, this::handle)) {
      assertThat(client.call(new Request.Stop(), Result.Done.class)).isNotNull();
    }
    Files.delete(other.directory());
    server = ControlServer.open(home, this::handle);
  }

  @Test
  void whateverIsSentTheDaemonAnswersOrClosesAndLivesOn() throws IOException {
    var random = new Random(42);
    var good =
        "{\"request\":\"memory-set\",\"domain\":\"public\",\"key\":\"k\",\"value\":\"v\"}"
            .getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < MUTATIONS; i++) {
      send(mutated(good, random));
    }
    assertThat(new ControlClient(home).call(new Request.Stop(), Result.Done.class)).isNotNull();
  }

  private static byte[] mutated(byte[] good, Random random) {
    var frame = ByteBuffer.allocate(5 + good.length);
    frame.putInt(good.length).put((byte) 'J').put(good);
    byte[] bytes = frame.array();
    int changes = 1 + random.nextInt(4);
    for (int c = 0; c < changes; c++) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    return random.nextInt(4) == 0
        ? java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length))
        : bytes;
  }

  private void send(byte[] bytes) throws IOException {
    try (var channel = SocketChannel.open(UnixDomainSocketAddress.of(home.socket()))) {
      var buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.shutdownOutput();
      var answer = new Frames(channel).read(Frames.Type.JSON);
      if (answer != null) {
        assertThat(RecordJson.parse(answer).keySet()).containsAnyOf("done", "error");
      }
    } catch (java.net.SocketException e) {
      assertThat(e.getMessage()).containsAnyOf("reset", "Broken pipe");
    }
  }

  @Test
  void malformedRequestsNameTheField() {
    assertThatThrownBy(() -> request("{\"request\":\"ping\",\"node\":7}"))
        .hasMessageContaining("node");
    assertThatThrownBy(() -> request("{\"request\":\"ping\",\"node\":\"x\",\"count\":0}"))
        .hasMessageContaining("count");
    assertThatThrownBy(() -> request("{\"request\":\"ping\",\"nod\":\"x\"}"))
        .hasMessageContaining("node");
    assertThatThrownBy(() -> request("{\"request\":\"status\",\"extra\":1}"))
        .hasMessageContaining("unknown field 'extra'");
    assertThatThrownBy(() -> request("{\"request\":\"fly\"}"))
        .hasMessageContaining("unknown request 'fly'");
    assertThatThrownBy(() -> request("[]")).hasMessageContaining("object");
    assertThatThrownBy(() -> request("{")).hasMessageContaining("not JSON");
  }

  private static Request request(String json) {
    return Vocabulary.toRequest(RecordJson.parse(json.getBytes(StandardCharsets.UTF_8)));
  }
}

package dev.cis.api;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.node.Home;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** The client's end of the control socket: one connection per request. */
public final class ControlClient {
  private final Home home;

  /** A client of the daemon of this data directory, running or not. */
  public ControlClient(Home home) {
    this.home = home;
  }

  /** A code as the daemon named it; the client need not know all of them. */
  private record NamedCode(String text, Kind kind, String help) implements Code {}

  /** Asks, and reads the one answer. */
  public <R extends Record & Result> R call(Request request, Class<R> answer) {
    return stream(request, null, sent -> {}, Result.Done.class, item -> {}, answer);
  }

  /** Asks, hears the items as they come, and reads the last answer. */
  public <I extends Record & Result, R extends Record & Result> R stream(
      Request request, Class<I> itemType, Consumer<I> items, Class<R> answer) {
    return stream(request, null, sent -> {}, itemType, items, answer);
  }

  /**
   * Asks and sends the bytes of an upload behind it.
   *
   * @param sent hears how many bytes are sent
   */
  public <I extends Record & Result, R extends Record & Result> R stream(
      Request request,
      @Nullable InputStream upload,
      LongConsumer sent,
      Class<I> itemType,
      Consumer<I> items,
      Class<R> answer) {
    try (var channel = connect()) {
      var frames = new Frames(channel);
      frames.json(Vocabulary.toObject(request));
      if (upload != null) {
        send(frames, upload, sent);
      }
      while (true) {
        var body = frames.read(Frames.Type.JSON);
        if (body == null) {
          throw new Fault(
              ApiCode.DAEMON_LOST,
              "the daemon closed the connection before it answered; see " + home.log());
        }
        var object = RecordJson.parse(body);
        if (object.get("item") instanceof Map<?, ?> item) {
          items.accept(RecordJson.toRecord(itemType, item));
        } else if (object.get("done") instanceof Map<?, ?> done) {
          return RecordJson.toRecord(answer, done);
        } else {
          throw fault(object);
        }
      }
    } catch (IOException e) {
      throw new Fault(
          ApiCode.DAEMON_LOST,
          "lost the connection to the daemon (" + e.getMessage() + "); see " + home.log(),
          e);
    }
  }

  /** Whether a daemon takes connections. */
  public boolean isRunning() {
    try (var channel = connect()) {
      return channel.isConnected();
    } catch (Fault | IOException e) {
      return false;
    }
  }

  private SocketChannel connect() throws IOException {
    if (!Files.exists(home.socket())) {
      throw noDaemon(null);
    }
    try {
      return SocketChannel.open(UnixDomainSocketAddress.of(home.socket()));
    } catch (ConnectException e) {
      throw noDaemon(e); // the socket of a daemon that died
    } catch (SocketException e) {
      if (String.valueOf(e.getMessage()).contains("refused")) {
        throw noDaemon(e);
      }
      throw e;
    }
  }

  private Fault noDaemon(@Nullable IOException cause) {
    return new Fault(
        ApiCode.NO_DAEMON,
        "no daemon is running for " + home + ": start it with 'cis p2p start'",
        cause);
  }

  private static void send(Frames frames, InputStream upload, LongConsumer sent)
      throws IOException {
    var buffer = new byte[Frames.MAX_BYTES];
    long total = 0;
    int count;
    do {
      count = upload.readNBytes(buffer, 0, buffer.length);
      try {
        frames.write(Frames.Type.BYTES, Arrays.copyOf(buffer, count));
      } catch (IOException e) {
        return; // the daemon has refused already; its answer says why
      }
      total += count;
      sent.accept(total);
    } while (count > 0);
  }

  private static Fault fault(Map<String, Object> object) {
    if (object.get("error") instanceof Map<?, ?> error) {
      var kind = Kind.INTERNAL;
      for (var candidate : Kind.values()) {
        if (candidate.name().equals(error.get("kind"))) {
          kind = candidate;
        }
      }
      return new Fault(
          new NamedCode(String.valueOf(error.get("code")), kind, ""),
          String.valueOf(error.get("message")));
    }
    return new Fault(ApiCode.MALFORMED, "the daemon's answer is neither item, done nor error");
  }
}

package dev.cis.nat.turn;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.NatCode;
import dev.cis.nat.proto.TurnFrames;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Consumer;

/** The socket to a TURN server, and a virtual thread that reads it. */
final class ServerPort implements AutoCloseable {
  private static final int BUFFER = 64 << 10;

  private final ByteChannel channel;
  private final boolean stream;

  private ServerPort(ByteChannel channel, boolean stream) {
    this.channel = channel;
    this.stream = stream;
  }

  /**
   * Connects.
   *
   * @throws Fault {@code nat.turn-unreachable}
   */
  static ServerPort open(TurnServer server, Duration within) {
    try {
      if (server.transport() == TurnServer.Transport.UDP) {
        return new ServerPort(connect(server.address()), false);
      }
      return new ServerPort(connect(server.address(), within), true);
    } catch (IOException e) {
      throw new Fault(NatCode.TURN_UNREACHABLE, "cannot reach " + server + ": " + e, e);
    }
  }

  /** Connected, so that the kernel drops what others send. */
  private static DatagramChannel connect(InetSocketAddress to) throws IOException {
    var udp = DatagramChannel.open();
    try {
      return udp.connect(to);
    } catch (IOException e) {
      udp.close();
      throw e;
    }
  }

  private static SocketChannel connect(InetSocketAddress to, Duration within) throws IOException {
    var tcp = SocketChannel.open();
    try {
      tcp.setOption(StandardSocketOptions.TCP_NODELAY, true);
      tcp.socket().connect(to, Math.clamp(within.toMillis(), 1, 60_000));
      return tcp;
    } catch (IOException e) {
      tcp.close();
      throw e;
    }
  }

  /** Reads until the end, which is told. */
  void read(Consumer<Bytes> messages, Consumer<String> end) {
    Thread.ofVirtual().name("turn-reader").start(() -> end.accept(readAll(messages)));
  }

  private String readAll(Consumer<Bytes> messages) {
    var buffer = ByteBuffer.allocate(BUFFER);
    var frames = new TurnFrames();
    try {
      while (channel.read(buffer) >= 0) {
        byte[] bytes = Arrays.copyOf(buffer.array(), buffer.position());
        buffer.clear();
        if (stream) {
          frames.read(bytes, messages);
        } else {
          messages.accept(Bytes.of(bytes));
        }
      }
      return "the TURN server closed the connection";
    } catch (IOException | Fault e) {
      return "the connection to the TURN server ended: " + e.getMessage();
    }
  }

  /** Sends a message; over TCP it waits for room. */
  void write(Bytes message) throws IOException {
    var buffer = ByteBuffer.wrap(message.toByteArray());
    while (buffer.hasRemaining()) {
      int _ = channel.write(buffer);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

package dev.cis.nat.mapping;

import dev.cis.kernel.wire.Bytes;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/** Answers every datagram with those that the test wants, on a port of the loopback address. */
final class FakeRouter implements AutoCloseable {
  private final DatagramSocket socket;
  private final DatagramSocket stranger;
  private final List<byte[]> questions = Collections.synchronizedList(new ArrayList<>());

  /** An answer, and whether it comes from a port that was not asked. */
  record Reply(Bytes bytes, boolean forged) {}

  FakeRouter(Function<byte[], List<Reply>> answers) throws IOException {
    socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    stranger = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    Thread.ofVirtual().start(() -> serve(answers));
  }

  static Reply reply(byte[] bytes) {
    return new Reply(Bytes.of(bytes), false);
  }

  private void serve(Function<byte[], List<Reply>> answers) {
    try {
      while (true) {
        var packet = new DatagramPacket(new byte[2_048], 2_048);
        socket.receive(packet);
        var question = java.util.Arrays.copyOf(packet.getData(), packet.getLength());
        questions.add(question);
        for (var answer : answers.apply(question)) {
          var by = answer.forged ? stranger : socket;
          byte[] bytes = answer.bytes.toByteArray();
          by.send(new DatagramPacket(bytes, bytes.length, packet.getSocketAddress()));
        }
      }
    } catch (IOException e) {
      return; // closed
    }
  }

  Gateway gateway() {
    var here = InetAddress.getLoopbackAddress();
    return new Gateway("lo", here, here);
  }

  int port() {
    return socket.getLocalPort();
  }

  List<byte[]> questions() {
    return List.copyOf(questions);
  }

  @Override
  public void close() {
    socket.close();
    stranger.close();
  }
}

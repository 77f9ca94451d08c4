package dev.cis.transport.quic;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Forwards one client's packets to a local port and back, and loses some of the way back. */
final class LossyPath implements AutoCloseable {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private final DatagramSocket front = new DatagramSocket(new InetSocketAddress(HERE, 0));
  private final DatagramSocket back = new DatagramSocket(new InetSocketAddress(HERE, 0));
  private final SocketAddress server;
  private final SplittableRandom random;
  private volatile @Nullable SocketAddress client;
  private volatile int dropEvery;

  LossyPath(int serverPort, long seed) throws IOException {
    server = new InetSocketAddress(HERE, serverPort);
    random = new SplittableRandom(seed);
    Thread.ofPlatform().daemon().start(this::there);
    Thread.ofPlatform().daemon().start(this::back);
  }

  int port() {
    return front.getLocalPort();
  }

  /** From now on, one in so many packets to the client is lost. */
  void dropEvery(int packets) {
    dropEvery = packets;
  }

  private void there() {
    var packet = new DatagramPacket(new byte[65_536], 65_536);
    try {
      while (true) {
        packet.setLength(65_536);
        front.receive(packet);
        client = packet.getSocketAddress();
        packet.setSocketAddress(server);
        back.send(packet);
      }
    } catch (IOException closed) {
      back.close();
    }
  }

  private void back() {
    var packet = new DatagramPacket(new byte[65_536], 65_536);
    try {
      while (true) {
        packet.setLength(65_536);
        back.receive(packet);
        var to = client;
        if (to != null && (dropEvery == 0 || random.nextInt(dropEvery) > 0)) {
          packet.setSocketAddress(to);
          front.send(packet);
        }
      }
    } catch (IOException closed) {
      front.close();
    }
  }

  @Override
  public void close() {
    front.close();
    back.close();
  }
}

package dev.cis.transport.quic;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Forwards one client's packets to a local port and back, loses some of the way back, and all that
 * are larger than it carries.
 */
final class LossyPath implements AutoCloseable {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private final DatagramSocket front = new DatagramSocket(new InetSocketAddress(HERE, 0));
  private final DatagramSocket back = new DatagramSocket(new InetSocketAddress(HERE, 0));
  private final SocketAddress server;
  private final SplittableRandom random;
  private volatile @Nullable SocketAddress client;
  private volatile int dropEvery;
  private volatile int carries = Integer.MAX_VALUE;
  private volatile int largestThere;
  private volatile int largestBack;
  private volatile int tooLarge;
  private volatile boolean oncePassedThere = true;
  private volatile boolean oncePassedBack = true;
  private volatile boolean shortToo;
  private final Set<ByteBuffer> seen = ConcurrentHashMap.newKeySet();

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

  /** From now on, larger packets are lost both ways. */
  void carries(int bytes) {
    carries = bytes;
  }

  /**
   * From now on, a packet with a long header (RFC 9000 section 17.2) gets through, to the server or
   * back from it, only when the same bytes come a second time.
   */
  void loseFirstCopies(boolean there, boolean back) {
    oncePassedThere = !there;
    oncePassedBack = !back;
  }

  /** The same for all packets to the server. */
  void loseAllFirstCopies() {
    shortToo = true;
    oncePassedThere = false;
  }

  private boolean isFirstCopy(DatagramPacket packet) {
    return packet.getLength() > 0
        && (shortToo || packet.getData()[0] < 0)
        && seen.add(ByteBuffer.wrap(Arrays.copyOf(packet.getData(), packet.getLength())));
  }

  /** The largest packet that went to the server. */
  int largestThere() {
    return largestThere;
  }

  /** The largest packet that went to the client. */
  int largestBack() {
    return largestBack;
  }

  /** The size of the last packet from the server that was larger than the path carries. */
  int tooLarge() {
    return tooLarge;
  }

  private void there() {
    var packet = new DatagramPacket(new byte[65_536], 65_536);
    try {
      while (true) {
        packet.setLength(65_536);
        front.receive(packet);
        client = packet.getSocketAddress();
        if (packet.getLength() > carries || (!oncePassedThere && isFirstCopy(packet))) {
          continue;
        }
        largestThere = Math.max(largestThere, packet.getLength());
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
        if (packet.getLength() > carries) {
          tooLarge = packet.getLength();
          continue;
        }
        if (!oncePassedBack && isFirstCopy(packet)) {
          continue;
        }
        largestBack = Math.max(largestBack, packet.getLength());
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

package dev.cis.nat;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A UDP socket on a free port, read by a virtual thread. */
final class PlainSocket implements StunClient.UdpPort {
  private static final Logger LOG = LoggerFactory.getLogger(PlainSocket.class);
  private static final int LARGEST = 2_048;

  private final DatagramChannel channel;
  private final InetSocketAddress local;

  private PlainSocket(DatagramChannel channel, InetSocketAddress local) {
    this.channel = channel;
    this.local = local;
  }

  /**
   * Binds one.
   *
   * @throws Fault {@code nat.no-socket}
   */
  static PlainSocket open(boolean v6) {
    try {
      var channel =
          DatagramChannel.open(v6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
      try {
        channel.bind(new InetSocketAddress(v6 ? "::" : "0.0.0.0", 0));
        return new PlainSocket(channel, (InetSocketAddress) channel.getLocalAddress());
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException | UnsupportedOperationException e) {
      throw new Fault(NatCode.NO_SOCKET, "cannot open a UDP socket: " + e, e);
    }
  }

  @Override
  public InetSocketAddress local() {
    return local;
  }

  @Override
  public void send(byte[] datagram, InetSocketAddress to) {
    try {
      int _ = channel.send(ByteBuffer.wrap(datagram), to);
    } catch (IOException e) {
      // No route, a firewall that says so: the same as no answer.
      LOG.debug("event=datagram-not-sent to={} reason=\"{}\"", to, e.toString());
    }
  }

  @Override
  public void receive(Datagrams.StunAnswers receiver) {
    Thread.ofVirtual().name("udp-" + local.getPort()).start(() -> read(receiver));
  }

  private void read(Datagrams.StunAnswers receiver) {
    var buffer = ByteBuffer.allocate(LARGEST);
    try {
      while (channel.receive(buffer) instanceof InetSocketAddress from) {
        receiver.received(Arrays.copyOf(buffer.array(), buffer.position()), from);
        buffer.clear();
      }
    } catch (IOException e) {
      LOG.debug("event=datagram-socket-ended local={} reason=\"{}\"", local, e.toString());
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("event=datagram-socket-not-closed local={}", local, e);
    }
  }
}

package dev.cis.nat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Uptime;
import dev.cis.transport.Address;
import dev.cis.transport.AddressSource;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.quic.QuicSwarm;
import dev.cis.transport.quic.RawDatagrams;
import dev.cis.transport.quic.Routes;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An anchor whom somebody asks through a relay. */
@Timeout(120)
class DialBackByRelayTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final int SILENCE_MILLIS = 700;

  /** A node, and the ways that its datagrams take. */
  private static final class Side implements RawDatagrams, AutoCloseable {
    final Datagrams datagrams = Datagrams.ofNode(Uptime.CLOCK);
    final Routes routes = new Routes();
    final Swarm swarm =
        QuicSwarm.open(
            KeyPair.generate(new SecureRandom()),
            TransportConfig.DEFAULT.withListen(anyPort()),
            StoredPeerBook.inMemory(),
            new PeerDescription("", new TreeMap<>(), List.of(), List.of()),
            Admission.OPEN,
            this);

    InetSocketAddress at() {
      return new InetSocketAddress(
          InetAddress.getLoopbackAddress(), swarm.localAddresses().getFirst().port());
    }

    /** Whatever goes to that peer, and comes from it, goes this way. */
    void by(Side peer, Routes.Route way) {
      routes.admit(peer.swarm.self(), way);
      routes.use(peer.swarm.self(), way);
    }

    @Override
    public Routes routes() {
      return routes;
    }

    @Override
    public void bound(Sender sender) {
      datagrams.bound(sender);
    }

    @Override
    public void received(Sender by, byte[] datagram, InetSocketAddress from) {
      datagrams.received(by, datagram, from);
    }

    @Override
    public void close() {
      swarm.close();
    }
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** Circuit 1 is the asker's end, circuit 2 the anchor's. */
  private static void forward(DatagramSocket relay, Side asker, Side anchor) {
    var packet = new DatagramPacket(new byte[65_535], 65_535);
    try {
      while (true) {
        packet.setLength(65_535);
        relay.receive(packet);
        var bytes = ByteBuffer.wrap(packet.getData(), 0, packet.getLength());
        boolean toAnchor = bytes.getLong(1) == 1;
        bytes.putLong(1, toAnchor ? 2 : 1);
        var to = toAnchor ? anchor.at() : asker.at();
        relay.send(new DatagramPacket(packet.getData(), packet.getLength(), to));
      }
    } catch (IOException e) {
      return; // closed
    }
  }

  private static AddressSource virtual(Side peer) {
    return new AddressSource() {
      @Override
      public String name() {
        return "relay";
      }

      @Override
      public Haste haste(NodeId node) {
        return Haste.BESIDE;
      }

      @Override
      public List<Address> find(NodeId node, Duration within) {
        return List.of(Routes.address(peer.swarm.self()));
      }
    };
  }

  @Test
  void theRelayIsNotMadeATargetAndWhoIsMetLaterIs() throws Exception {
    try (var asker = new Side();
        var anchor = new Side();
        var relay = new DatagramSocket(anyPort());
        var bystander = new DatagramSocket(anyPort());
        var _ = DialBackService.start(anchor.swarm, AnchorConfig.DEFAULT, Uptime.CLOCK)) {
      Thread.ofVirtual().start(() -> forward(relay, asker, anchor));
      var relayAt = (InetSocketAddress) relay.getLocalSocketAddress();
      asker.by(anchor, new Routes.Relayed(relayAt, 1));
      anchor.by(asker, new Routes.Relayed(relayAt, 2));
      asker.swarm.addSource(virtual(anchor));
      var _ = asker.swarm.connect(anchor.swarm.self(), LONG);

      // The anchor sees the relay's host, of which another port is somebody else's.
      var dialBack = new DialBack(asker.swarm, asker.datagrams);
      var asked = dialBack.ask(anchor.swarm.self(), bystander.getLocalPort(), LONG);
      assertThat(asked).isEqualTo(new DialBack.Result(DialBack.Verdict.IMPOSSIBLE, ""));
      bystander.setSoTimeout(SILENCE_MILLIS);
      assertThatThrownBy(() -> bystander.receive(new DatagramPacket(new byte[100], 100)))
          .isInstanceOf(SocketTimeoutException.class);

      // The same connection on a direct path.
      asker.by(anchor, new Routes.Direct(anchor.at()));
      anchor.by(asker, new Routes.Direct(asker.at()));
      assertThat(dialBack.ask(anchor.swarm.self(), asker.at().getPort(), LONG).verdict())
          .isEqualTo(DialBack.Verdict.REACHED);
    }
  }
}

package dev.cis.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import java.net.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.MulticastSocket;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real multicast on the interfaces of this machine. */
@Timeout(120)
class LanTest {
  private record Resolved(NodeId node, List<Address> addresses) {}

  /** Writes down what it hears. */
  private static final class Notes implements LanSightings.Ear {
    final BlockingQueue<Resolved> resolved = new LinkedBlockingQueue<>();
    final BlockingQueue<NodeId> gone = new LinkedBlockingQueue<>();

    @Override
    public void resolved(NodeId node, List<Address> addresses) {
      resolved.add(new Resolved(node, addresses));
    }

    @Override
    public void gone(NodeId node) {
      gone.add(node);
    }
  }

  private final SplittableRandom random = new SplittableRandom();

  @Test
  void twoNodesOfOneMachineHearOfEachOtherAndOfLeaving() throws Exception {
    var reason = whyNoMulticast();
    if (!reason.isEmpty()) {
      System.out.println("mDNS test skipped: " + reason);
    }
    Assumptions.assumeTrue(reason.isEmpty(), reason);
    var a = KeyPair.generate(random).nodeId();
    var b = KeyPair.generate(random).nodeId();
    var heardByA = new Notes();
    var heardByB = new Notes();
    long start = System.nanoTime();
    var second = lan(b, 17_002, heardByB);
    try (var first = lan(a, 17_001, heardByA)) {
      first.refresh();
      second.refresh();
      assertThat(first.size()).isPositive();
      var seenByA = await(heardByA, b);
      var seenByB = await(heardByB, a);
      assertThat(seenByA.addresses()).isNotEmpty().allMatch(address -> address.port() == 17_002);
      assertThat(seenByB.addresses()).isNotEmpty().allMatch(address -> address.port() == 17_001);
      System.out.println("mDNS: resolved after " + millisSince(start) + " ms");
      long closing = System.nanoTime();
      second.close();
      assertThat(millisSince(closing)).isLessThan(10_000);
      assertThat(heardByA.gone.poll(30, TimeUnit.SECONDS)).isEqualTo(b);
    } finally {
      second.close();
    }
  }

  @Test
  void nothingIsAnnouncedForASocketThatNoInterfaceHears() {
    try (var lan =
        new Lan(
            KeyPair.generate(random).nodeId(),
            List.of(new Address("10.0.0.1", 1), new Address("lab.example", 2)),
            DiscoveryConfig.DEFAULT,
            new Notes())) {
      lan.refresh();
      assertThat(lan.size()).isZero();
    }
  }

  private static Lan lan(NodeId node, int port, Notes notes) {
    var local = List.of(new Address("0.0.0.0", port));
    return new Lan(node, local, DiscoveryConfig.DEFAULT, notes);
  }

  private static Resolved await(Notes notes, NodeId node) throws InterruptedException {
    long until = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (System.nanoTime() < until) {
      var next = notes.resolved.poll(1, TimeUnit.SECONDS);
      if (next != null && next.node().equals(node)) {
        return next;
      }
    }
    throw new AssertionError("nobody resolved " + node + " within a minute");
  }

  private static long millisSince(long start) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  /** Sends itself a multicast packet: empty if it comes back, else why not. */
  private static String whyNoMulticast() throws Exception {
    for (var each : NetworkInterface.networkInterfaces().toList()) {
      if (!each.isUp() || each.isLoopback() || !each.supportsMulticast()) {
        continue;
      }
      try (var socket = new MulticastSocket(0)) {
        var group = new InetSocketAddress(InetAddress.ofLiteral("224.0.0.251"), 0);
        socket.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, true);
        socket.setNetworkInterface(each);
        socket.joinGroup(group, each);
        socket.setSoTimeout(5_000);
        var target = new InetSocketAddress(group.getAddress(), socket.getLocalPort());
        socket.send(new DatagramPacket(new byte[] {1}, 1, target));
        socket.receive(new DatagramPacket(new byte[1], 1));
        return "";
      } catch (java.io.IOException e) {
        return "multicast does not work on " + each.getName() + ": " + e;
      }
    }
    return "no interface has multicast";
  }
}

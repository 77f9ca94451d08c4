package dev.cis.dht.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sim.Seeds;
import dev.cis.sim.SimNetwork.Conditions;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Ten nodes behind one router, and one outside that each of them knows. To the one outside all ten
 * have the same public address, which it does not give that many places.
 */
class OneRouterTest {
  private static final Conditions GOOD =
      new Conditions(Duration.ofMillis(5), Duration.ofMillis(20), 0, 0);
  private static final String ROUTER = "198.51.100.9";
  private static final int INSIDE = 10;

  /** What the nodes inside say of where they are, and see of each other. */
  private enum Kind {
    /** The router maps no port; they see each other on the LAN. */
    UNMAPPED,
    /** The router maps a port to each, and they say so. */
    MAPPED,
    /** There is no LAN: one host with a public address. */
    ONE_HOST
  }

  private static final class Router extends DhtNetwork {
    private final Kind kind;

    private Router(long seed, Kind kind) {
      super(seed, GOOD, KademliaConfig.DEFAULT);
      this.kind = kind;
    }

    @Override
    Signed<PeerRecord> record(int index) {
      if (index == 0) {
        return People.at(0, "203.0.113.10");
      }
      var addresses = new ArrayList<Address>();
      if (kind != Kind.UNMAPPED) {
        addresses.add(outside(index));
      }
      if (kind != Kind.ONE_HOST) {
        addresses.add(inside(index));
      }
      return People.record(index, 1, addresses, People.EXPIRY, true);
    }

    private static Address inside(int index) {
      return new Address("192.168.1." + index, 7677);
    }

    private static Address outside(int index) {
      return new Address(ROUTER, 7677 + index);
    }

    @Override
    Address address(int node, int peer) {
      if (peer == 0) {
        return record(0).value().addresses().getFirst();
      }
      return node == 0 || kind == Kind.ONE_HOST ? outside(peer) : inside(peer);
    }
  }

  private static Router started(long seed, Kind kind) {
    var dht = new Router(seed, kind);
    IntStream.rangeClosed(0, INSIDE).forEach(i -> dht.add());
    IntStream.rangeClosed(1, INSIDE).forEach(i -> dht.connect(i, 0));
    dht.simulation.runFor(Duration.ofSeconds(10));
    return dht;
  }

  private static void everyoneFindsEveryone(Router dht) {
    for (int asker = 0; asker <= INSIDE; asker++) {
      for (int target = 0; target <= INSIDE; target++) {
        if (asker != target) {
          assertThat(dht.lookUp(asker, People.id(target), DhtInput.Purpose.FIND_PEER).found())
              .as(asker + " looks for " + target)
              .isPresent();
        }
      }
    }
  }

  private static void everyoneGetsWhatOnePuts(Router dht) {
    var value = new Item.Immutable(Bytes.utf8("hello"));
    dht.publish(3, new Publication.Value(value), OptionalLong.empty());
    for (int i = 0; i <= INSIDE; i++) {
      assertThat(dht.lookUp(i, value.key(), DhtInput.Purpose.FIND_VALUE).items())
          .as(i + " gets it")
          .isEqualTo(List.of(value));
    }
  }

  private static void worksAtOnce(Kind kind) {
    Seeds.each(
        10,
        seed -> {
          var dht = started(seed, kind);
          everyoneFindsEveryone(dht);
          everyoneGetsWhatOnePuts(dht);
        });
  }

  @Test
  void tenNodesBehindARouterWithoutMappingsFindEachOther() {
    worksAtOnce(Kind.UNMAPPED);
  }

  @Test
  void tenNodesBehindARouterThatMapsPortsFindEachOther() {
    worksAtOnce(Kind.MAPPED);
  }

  @Test
  void tenNodesOnOnePublicAddressFindEachOther() {
    worksAtOnce(Kind.ONE_HOST);
  }

  @Test
  void theOneOutsideGivesFewPlacesToTheirAddress() {
    for (var kind : Kind.values()) {
      assertThat(started(1, kind).machine(0).table().size()).as(kind.name()).isBetween(1, 3);
    }
  }

  @Test
  void onTheLanTheyAllKnowEachOther() {
    var dht = started(2, Kind.UNMAPPED);
    for (int i = 1; i <= INSIDE; i++) {
      assertThat(dht.machine(i).table().size()).as("node " + i).isEqualTo(INSIDE);
    }
  }
}

package dev.cis.dht.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Now;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** One machine, and a world that answers as badly as it can. */
class HostileAnswersTest {
  private static final Instant WALL = Instant.parse("2026-01-01T00:00:00Z");
  private static final Address REMOTE = new Address("10.0.0.9", 1);

  private final DhtMachine machine =
      new DhtMachine(
          People.key(0), KademliaConfig.DEFAULT, RecordsConfig.DEFAULT, new SplittableRandom(1));
  private final List<DhtOutput> outputs = new ArrayList<>();
  private Duration uptime = Duration.ZERO;

  private void on(DhtInput input) {
    machine.on(new Now(uptime, WALL.plus(uptime)), input, outputs::add);
  }

  private List<DhtOutput.SendRequest> takeRequests() {
    var requests =
        outputs.stream()
            .filter(DhtOutput.SendRequest.class::isInstance)
            .map(DhtOutput.SendRequest.class::cast)
            .toList();
    outputs.removeAll(requests);
    return requests;
  }

  private void meet(int node) {
    on(new DhtInput.PeerSeen(People.record(node), REMOTE));
  }

  private void answer(DhtOutput.SendRequest request, List<Signed<PeerRecord>> records) {
    on(
        new DhtInput.Response(
            request.to().value().node(), REMOTE, DhtMessage.Nodes.of(records), request.id()));
  }

  @Test
  void aNodeThatInventsNodesForEverCannotKeepALookupGoing() {
    meet(1);
    takeRequests();
    on(new DhtInput.StartLookup(5, People.id(900), DhtInput.Purpose.FIND_CLOSEST));
    int invented = 2;
    int asked = 0;
    for (var requests = takeRequests(); !requests.isEmpty(); requests = takeRequests()) {
      for (var request : requests) {
        asked++;
        int from = invented;
        invented = Math.min(invented + 20, 780);
        answer(request, IntStream.range(from, from + 20).mapToObj(People::record).toList());
      }
    }
    assertThat(outputs).anyMatch(output -> output instanceof DhtOutput.LookupDone);
    assertThat(asked).isLessThanOrEqualTo(KademliaConfig.DEFAULT.lookupRequests());
  }

  @Test
  void nodesOnHearsayNeverEnterTheTable() {
    meet(1);
    var requests = takeRequests();
    answer(requests.getFirst(), IntStream.range(2, 22).mapToObj(People::record).toList());
    assertThat(machine.table().size()).isEqualTo(1);
    assertThat(takeRequests()).isNotEmpty();
  }

  /** They come from one public address; their records name as many others, or private ones. */
  @Test
  void whoeverLiesAboutItsSubnetGetsNoMorePlacesByAnswering() {
    var origin = new Address("198.51.100.9", 7677);
    var liars = new ArrayList<Signed<PeerRecord>>();
    for (int i = 10; i < 30; i++) {
      liars.add(i % 2 == 0 ? People.record(i) : People.at(i, i + "." + i + ".0.1"));
    }
    liars.forEach(liar -> on(new DhtInput.PeerSeen(liar, origin)));
    int places = machine.table().size();
    assertThat(places).isBetween(1, KademliaConfig.DEFAULT.perSubnet());
    int asked = 0;
    for (var requests = takeRequests(); !requests.isEmpty(); requests = takeRequests()) {
      for (var request : requests) {
        asked++;
        var from = request.to().value().node();
        // Some end their connection at once, so that nobody knows any more where they were.
        var remote = asked % 3 == 0 ? null : origin;
        on(new DhtInput.Response(from, remote, DhtMessage.Nodes.of(liars), request.id()));
      }
    }
    assertThat(asked).isGreaterThan(places);
    assertThat(machine.stats().answered()).isEqualTo(asked);
    assertThat(machine.table().size()).isEqualTo(places);
  }

  @Test
  void recordsThatHaveRunOutServeNothingOrLeadNowhereAreRejectedAndCounted() {
    meet(1);
    var request = takeRequests().getFirst();
    var address = List.of(new Address("10.0.0.1", 1));
    answer(
        request,
        List.of(
            People.record(2, 1, address, WALL.minusSeconds(1), true),
            People.record(3, 1, address, People.EXPIRY, false),
            People.record(4, 1, List.of(), People.EXPIRY, true)));
    assertThat(takeRequests()).isEmpty();
    assertThat(machine.stats().rejectedRecords()).isEqualTo(3);
  }

  @Test
  void answersNobodyAskedForChangeNothing() {
    meet(1);
    var request = takeRequests().getFirst();
    on(
        new DhtInput.Response(
            People.id(9), REMOTE, DhtMessage.Nodes.of(List.of(People.record(9))), request.id()));
    on(
        new DhtInput.Response(
            People.id(1), REMOTE, DhtMessage.Nodes.of(List.of(People.record(9))), 4711));
    assertThat(machine.stats().badAnswers()).isEqualTo(2);
    assertThat(takeRequests()).isEmpty();
  }

  @Test
  void anAnswerOfTheWrongKindIsAFailure() {
    meet(1);
    var request = takeRequests().getFirst();
    on(new DhtInput.Response(People.id(1), REMOTE, new DhtMessage.Pong(), request.id()));
    assertThat(machine.stats().badAnswers()).isEqualTo(1);
    assertThat(machine.stats().failed()).isEqualTo(1);
  }

  @Test
  void aNodeThatStopsServingLeavesTheTable() {
    meet(1);
    on(
        new DhtInput.PeerSeen(
            People.record(1, 2, List.of(new Address("10.0.0.9", 1)), People.EXPIRY, false), null));
    assertThat(machine.table().size()).isZero();
  }

  @Test
  void onlyNeighboursOnTheLanExistForALanNode() {
    var lan =
        new DhtMachine(
            People.key(0),
            KademliaConfig.DEFAULT.onLan(),
            RecordsConfig.DEFAULT,
            new SplittableRandom(1));
    var now = new Now(uptime, WALL);
    lan.on(now, new DhtInput.PeerSeen(People.at(1, "203.0.113.5"), null), outputs::add);
    lan.on(
        now, new DhtInput.PeerSeen(People.record(2), new Address("203.0.113.6", 7)), outputs::add);
    assertThat(lan.table().size()).isZero();
    lan.on(now, new DhtInput.PeerSeen(People.record(2), new Address("10.0.0.6", 7)), outputs::add);
    assertThat(lan.table().size()).isEqualTo(1);
  }

  @Test
  void lookupsBeyondTheLimitAreRefused() {
    meet(1);
    for (int i = 0; i <= KademliaConfig.DEFAULT.lookups(); i++) {
      on(new DhtInput.StartLookup(100 + i, target(i), DhtInput.Purpose.FIND_PEER));
    }
    assertThat(outputs)
        .filteredOn(output -> output instanceof DhtOutput.LookupRefused)
        .containsExactly(new DhtOutput.LookupRefused(100 + KademliaConfig.DEFAULT.lookups()));
  }

  private static NodeId target(int i) {
    return People.id(200 + i);
  }
}

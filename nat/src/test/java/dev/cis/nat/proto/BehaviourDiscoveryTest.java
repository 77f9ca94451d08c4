package dev.cis.nat.proto;

import static dev.cis.nat.proto.NatBehaviour.Dependence.ADDRESS_AND_PORT_DEPENDENT;
import static dev.cis.nat.proto.NatBehaviour.Dependence.ADDRESS_DEPENDENT;
import static dev.cis.nat.proto.NatBehaviour.Dependence.ENDPOINT_INDEPENDENT;
import static dev.cis.nat.proto.StunWorld.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.nat.proto.NatBehaviour.Dependence;
import dev.cis.nat.proto.StunWorld.Server;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Every kind of router, seen through every kind of server. */
class BehaviourDiscoveryTest {
  private static final Duration SOON = Duration.ofSeconds(11);
  private static final Endpoint FIRST = at(192, 0, 2, 10, 3_478);
  private static final Endpoint OTHER = at(192, 0, 2, 11, 3_479);
  private static final Endpoint OTHER_PORT = at(192, 0, 2, 10, 3_479);
  private static final Endpoint SECOND = at(203, 0, 113, 10, 7_677);
  private static final Endpoint NOBODY = at(203, 0, 113, 99, 7_677);

  private static final Server FULL = new Server(FIRST, OTHER, true);
  private static final Server TWO_PORTS = new Server(FIRST, OTHER_PORT, true);
  private static final Server PLAIN = new Server(FIRST, null, false);
  private static final Server PLAIN_TOO = new Server(SECOND, null, false);

  private static NatBehaviour discover(
      @Nullable Dependence mapping, Dependence filtering, Server... servers) {
    var asked = List.of(servers).stream().map(Server::first).toList();
    return new StunWorld(mapping, filtering, List.of(servers), 0, 1).run(asked, SOON);
  }

  @Test
  void aServerWithTwoAddressesTellsEveryKindApart() {
    for (var mapping : Dependence.values()) {
      for (var filtering : Dependence.values()) {
        var found = discover(mapping, filtering, FULL);
        assertThat(found.mapping().known()).contains(mapping);
        assertThat(found.filtering().known()).as("behind %s", mapping).contains(filtering);
        assertThat(found.translated()).contains(true);
        assertThat(found.servers().getFirst().rtt()).contains(Duration.ofMillis(40));
      }
    }
  }

  @Test
  void withFivePercentLossItStillDoes() {
    int wrong = 0;
    for (int seed = 0; seed < 200; seed++) {
      for (var kind : Dependence.values()) {
        var world = new StunWorld(kind, kind, List.of(FULL, PLAIN_TOO), 0.05, seed);
        var found = world.run(List.of(FIRST, SECOND), SOON);
        wrong += found.mapping().is(kind) && found.filtering().is(kind) ? 0 : 1;
      }
    }
    // A test of four questions fails once in 10,000 times; here are 600 times six of them.
    assertThat(wrong).isLessThanOrEqualTo(3);
  }

  @Test
  void whoeverIsNotTranslatedHasAFirewallAtMost() {
    var open = discover(null, ENDPOINT_INDEPENDENT, FULL);
    assertThat(open.translated()).contains(false);
    assertThat(open.mapping().is(ENDPOINT_INDEPENDENT)).isTrue();
    assertThat(open.filtering().is(ENDPOINT_INDEPENDENT)).isTrue();
    var walled = discover(null, ADDRESS_AND_PORT_DEPENDENT, PLAIN);
    assertThat(walled.mapping().is(ENDPOINT_INDEPENDENT)).isTrue();
    assertThat(walled.filtering().known()).isEmpty();
  }

  @Test
  void twoServersWithOneAddressEachTellWhetherTheMappingDepends() {
    var home = discover(ENDPOINT_INDEPENDENT, ADDRESS_AND_PORT_DEPENDENT, PLAIN, PLAIN_TOO);
    assertThat(home.mapping().is(ENDPOINT_INDEPENDENT)).isTrue();
    assertThat(home.filtering().word()).isEqualTo("unknown");
    assertThat(home.filtering().why()).isEqualTo("needs a server with two addresses");
    var symmetric =
        discover(ADDRESS_AND_PORT_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT, PLAIN, PLAIN_TOO);
    assertThat(symmetric.mapping().possible())
        .containsExactlyInAnyOrder(ADDRESS_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT);
    assertThat(symmetric.mapping().word())
        .isEqualTo("address-dependent or address-and-port-dependent");
    assertThat(symmetric.mapping().why()).contains("to tell more needs a server with two ports");
  }

  @Test
  void aSecondPortAndASecondServerTellAllAboutTheMapping() {
    for (var mapping : Dependence.values()) {
      var found = discover(mapping, ADDRESS_AND_PORT_DEPENDENT, TWO_PORTS, PLAIN_TOO);
      assertThat(found.mapping().known()).contains(mapping);
      assertThat(found.filtering().is(ADDRESS_AND_PORT_DEPENDENT)).isTrue();
    }
    for (var filtering : List.of(ENDPOINT_INDEPENDENT, ADDRESS_DEPENDENT)) {
      var found = discover(ENDPOINT_INDEPENDENT, filtering, TWO_PORTS, PLAIN_TOO);
      assertThat(found.filtering().possible())
          .containsExactlyInAnyOrder(ENDPOINT_INDEPENDENT, ADDRESS_DEPENDENT);
      assertThat(found.filtering().why()).contains("needs a server with two addresses");
    }
  }

  @Test
  void oneServerWithOneAddressTellsTheAddressAndThatItCannotTellMore() {
    var found = discover(ENDPOINT_INDEPENDENT, ENDPOINT_INDEPENDENT, PLAIN);
    assertThat(found.servers().getFirst().mapped()).isPresent();
    assertThat(found.mapping().word()).isEqualTo("unknown");
    assertThat(found.mapping().why()).contains("needs a second server");
  }

  @Test
  void aServerThatPromisesMoreThanItHasIsNotBelieved() {
    var deaf =
        discover(ENDPOINT_INDEPENDENT, ENDPOINT_INDEPENDENT, new Server(FIRST, OTHER, false));
    assertThat(deaf.filtering().word()).isEqualTo("unknown");
    assertThat(deaf.filtering().why()).contains("does not answer from its other address");
    // It names an address at which there is nobody.
    var liar = new Server(FIRST, OTHER, true, true);
    var empty = discover(ENDPOINT_INDEPENDENT, ENDPOINT_INDEPENDENT, liar, PLAIN_TOO);
    assertThat(empty.mapping().is(ENDPOINT_INDEPENDENT)).isTrue();
    assertThat(empty.filtering().why()).contains("other address does not answer");
  }

  @Test
  void serversThatDoNotAnswerAreNoHindrance() {
    var world =
        new StunWorld(ADDRESS_DEPENDENT, ADDRESS_DEPENDENT, List.of(FULL), 0, 1)
            .run(List.of(NOBODY, FIRST), SOON);
    assertThat(world.mapping().is(ADDRESS_DEPENDENT)).isTrue();
    assertThat(world.filtering().is(ADDRESS_DEPENDENT)).isTrue();
    assertThat(world.servers().getFirst().mapped()).isEmpty();
  }

  @Test
  void whereNoUdpGetsOutNothingIsKnownAfterFiveSeconds() {
    var found =
        new StunWorld(ENDPOINT_INDEPENDENT, ENDPOINT_INDEPENDENT, List.of(FULL), 1, 1)
            .run(List.of(FIRST, SECOND), Duration.ofMillis(5_001));
    assertThat(found.answered()).isFalse();
    assertThat(found.translated()).isEmpty();
    assertThat(found.mapping().word()).isEqualTo("unknown");
    assertThat(found.filtering().why()).isEqualTo("no server answered");
  }

  @Test
  void withoutServersItEndsAtOnce() {
    var found =
        new StunWorld(null, ENDPOINT_INDEPENDENT, List.of(), 0, 1).run(List.of(), Duration.ZERO);
    assertThat(found.servers()).isEmpty();
  }
}

package dev.cis.nat.proto;

import static dev.cis.nat.proto.NatBehaviour.Dependence.ADDRESS_AND_PORT_DEPENDENT;
import static dev.cis.nat.proto.NatBehaviour.Dependence.ADDRESS_DEPENDENT;
import static dev.cis.nat.proto.NatBehaviour.Dependence.ENDPOINT_INDEPENDENT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.NatBehaviour.Dependence;
import dev.cis.nat.proto.NatBehaviour.Finding;
import dev.cis.nat.proto.NatBehaviour.Seen;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** One sentence for each kind of network. */
class OutlookTest {
  private static final Endpoint ANY = new Endpoint(Bytes.of(new byte[] {1, 2, 3, 4}), 1);
  private static final Set<Dependence> UNKNOWN = EnumSet.allOf(Dependence.class);

  private static NatBehaviour family(
      boolean translated, Set<Dependence> mapping, Set<Dependence> filtering) {
    return new NatBehaviour(
        List.of(new Seen(ANY, Optional.of(ANY), Optional.empty(), Optional.empty())),
        Optional.of(translated),
        new Finding(mapping, "told"),
        new Finding(filtering, "told"));
  }

  private static NatBehaviour silent() {
    return new NatBehaviour(
        List.of(new Seen(ANY, Optional.empty(), Optional.empty(), Optional.empty())),
        Optional.empty(),
        Finding.unknown("no server answered"),
        Finding.unknown("no server answered"));
  }

  private static Outlook of(NatBehaviour... families) {
    return Outlook.of(List.of(families), false, false);
  }

  @Test
  void everyKindOfNetworkHasItsSentence() {
    var free = Set.of(ENDPOINT_INDEPENDENT);
    var strict = Set.of(ADDRESS_AND_PORT_DEPENDENT);
    var half = Set.of(ADDRESS_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT);
    assertThat(of(family(false, free, free))).isEqualTo(Outlook.OPEN);
    assertThat(of(family(false, free, strict))).isEqualTo(Outlook.WALLED);
    assertThat(of(family(false, free, UNKNOWN))).isEqualTo(Outlook.PUBLIC);
    assertThat(of(family(true, free, free))).isEqualTo(Outlook.LET_IN);
    assertThat(of(family(true, free, strict))).isEqualTo(Outlook.PUNCHED);
    assertThat(of(family(true, free, UNKNOWN))).isEqualTo(Outlook.PUNCHED);
    assertThat(of(family(true, strict, strict))).isEqualTo(Outlook.SYMMETRIC);
    assertThat(of(family(true, half, UNKNOWN))).isEqualTo(Outlook.SYMMETRIC);
    assertThat(of(family(true, UNKNOWN, UNKNOWN))).isEqualTo(Outlook.UNKNOWN);
    assertThat(of(silent())).isEqualTo(Outlook.BLOCKED);
    assertThat(of()).isEqualTo(Outlook.NOBODY_ASKED);
    for (var outlook : Outlook.values()) {
      assertThat(outlook.sentence()).endsWith(".").doesNotContain(". ");
    }
  }

  @Test
  void theBetterFamilyCounts() {
    var symmetric = family(true, Set.of(ADDRESS_DEPENDENT), UNKNOWN);
    var open = family(false, Set.of(ENDPOINT_INDEPENDENT), Set.of(ENDPOINT_INDEPENDENT));
    assertThat(of(symmetric, open)).isEqualTo(Outlook.OPEN);
    assertThat(of(silent(), symmetric)).isEqualTo(Outlook.SYMMETRIC);
  }

  @Test
  void aRouterThatForwardsMakesUpForItsMapping() {
    var symmetric = family(true, Set.of(ADDRESS_DEPENDENT), UNKNOWN);
    assertThat(Outlook.of(List.of(symmetric), false, true)).isEqualTo(Outlook.FORWARDED);
  }

  @Test
  void connectionsThatWorkShowThatUdpDoes() {
    assertThat(Outlook.of(List.of(silent()), true, false)).isEqualTo(Outlook.UNKNOWN);
  }
}

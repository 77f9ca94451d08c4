package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.Did;
import dev.cis.kernel.identity.KeyPair;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class PeerLocatorTest {
  private static final KeyPair KEY = KeyPair.ofSeed(new byte[32]);

  @Test
  void anAddressAloneNamesNobody() {
    var locator = PeerLocator.parse("192.168.1.100:7677");
    assertThat(locator.node()).isNull();
    assertThat(locator.alias()).isEmpty();
    assertThat(locator.address()).isEqualTo(new Address("192.168.1.100", 7677));
    assertThat(PeerLocator.parse("lab.example").address().port()).isEqualTo(7677);
  }

  @Test
  void aNodeIdOrItsDidSaysWhoMustAnswer() {
    var node = KEY.nodeId();
    assertThat(PeerLocator.parse(node + "@h:1"))
        .isEqualTo(PeerLocator.parse(Did.of(node) + "@h:1"));
    assertThat(PeerLocator.parse(node + "@[fe80::1]:9").node()).isEqualTo(node);
    assertThat(PeerLocator.parse(node + "@[fe80::1]:9")).hasToString(node + "@[fe80::1]:9");
  }

  @Test
  void aDidWithANameIsAnAlias() {
    var locator = PeerLocator.parse("did:cis:node2@192.168.1.100:7677");
    assertThat(locator.node()).isNull();
    assertThat(locator.alias()).isEqualTo("node2");
    assertThat(locator).hasToString("did:cis:node2@192.168.1.100:7677");
  }

  @Test
  void anythingElseIsRefused() {
    for (var text : new String[] {"", "@", "bob@h:1", "did:cis:@h:1", "did:web:x@h:1", "a b:1"}) {
      assertThatThrownBy(() -> PeerLocator.parse(text))
          .isInstanceOfSatisfying(
              Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.BAD_ADDRESS));
    }
  }

  @Property(tries = 1_000)
  void anyTextGivesALocatorThatReadsBackOrAFault(@ForAll String text) {
    try {
      var locator = PeerLocator.parse(text);
      assertThat(PeerLocator.parse(locator.toString())).isEqualTo(locator);
    } catch (Fault fault) {
      assertThat(fault.code()).isEqualTo(TransportCode.BAD_ADDRESS);
    }
  }
}

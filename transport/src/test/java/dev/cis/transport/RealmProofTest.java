package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.Admission.Secret;
import dev.cis.transport.RealmProof.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RealmProofTest {
  private final Random random = new Random(7);
  private final NodeId dialler = node(1);
  private final NodeId acceptor = node(2);
  private final Bytes here = RealmProof.nonce(random);
  private final Bytes there = RealmProof.nonce(random);
  private final RealmProof proof = new RealmProof(dialler, acceptor, here, there);

  private static NodeId node(int n) {
    byte[] bytes = new byte[NodeId.BYTES];
    bytes[0] = (byte) n;
    return NodeId.of(bytes);
  }

  private static Secret secret(String realm, int key) {
    byte[] bytes = new byte[RealmProof.KEY_BYTES];
    bytes[0] = (byte) key;
    return new Secret(realm, Bytes.of(bytes));
  }

  @Test
  void whoHasTheKeyIsRecognised() {
    var secrets = List.of(secret("a", 1), secret("b", 2));
    var tags = proof.shown(secrets, random);
    assertThat(proof.recognised(Role.ACCEPTOR, List.of(secret("b", 2)), tags))
        .containsOnlyKeys("b");
    assertThat(proof.recognised(Role.ACCEPTOR, secrets, tags)).containsOnlyKeys("a", "b");
  }

  @Test
  void anyOtherKeyRealmRoleNodeOrNonceIsNotRecognised() {
    var mine = secret("a", 1);
    var tags = List.of(proof.tag(Role.DIALLER, mine));
    assertThat(proof.recognised(Role.DIALLER, List.of(mine), tags)).containsOnlyKeys("a");

    assertThat(proof.recognised(Role.DIALLER, List.of(secret("a", 2)), tags)).isEmpty();
    assertThat(proof.recognised(Role.DIALLER, List.of(secret("b", 1)), tags)).isEmpty();
    assertThat(proof.recognised(Role.ACCEPTOR, List.of(mine), tags)).isEmpty();
    for (var other :
        List.of(
            new RealmProof(node(3), acceptor, here, there),
            new RealmProof(dialler, node(3), here, there),
            new RealmProof(acceptor, dialler, here, there),
            new RealmProof(dialler, acceptor, there, here),
            new RealmProof(dialler, acceptor, here, RealmProof.nonce(random)),
            new RealmProof(dialler, acceptor, RealmProof.nonce(random), there))) {
      assertThat(other.recognised(Role.DIALLER, List.of(mine), tags)).isEmpty();
    }
  }

  /** How many realms and keys a node has does not show in what it sends to strangers. */
  @Property(tries = 60)
  void aStrangerSeesAsManyTagsWhateverTheNodeHas(
      @ForAll @IntRange(max = RealmProof.PADDING) int secrets, @ForAll long seed) {
    var all = new ArrayList<Secret>();
    for (int i = 0; i < secrets; i++) {
      all.add(secret("realm" + i, i));
    }
    var tags = proof.shown(all, new Random(seed));
    assertThat(tags).hasSize(RealmProof.PADDING).doesNotHaveDuplicates();
  }

  @Test
  void theNumberOfSecretsIsBounded() {
    var all = new ArrayList<Secret>();
    for (int i = 0; i < 3 * Admission.MAX_SECRETS; i++) {
      all.add(secret("realm" + i, i));
    }
    assertThat(proof.shown(all, random)).hasSize(Admission.MAX_SECRETS);
  }
}

package dev.cis.dht.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.NodeId;
import java.math.BigInteger;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class DistanceTest {
  @Property(tries = 300)
  void comparesLikeXorReadAsANumber(
      @ForAll @Size(32) byte[] target, @ForAll @Size(32) byte[] a, @ForAll @Size(32) byte[] b) {
    int order = Distance.compare(NodeId.of(target), NodeId.of(a), NodeId.of(b));
    assertThat(Integer.signum(order)).isEqualTo(xor(target, a).compareTo(xor(target, b)));
  }

  @Property(tries = 300)
  void aRandomIdOfABucketSharesExactlyItsPrefix(
      @ForAll @Size(32) byte[] self, @ForAll @IntRange(max = 255) int prefix, @ForAll long seed) {
    var id = Distance.random(NodeId.of(self), prefix, new SplittableRandom(seed));
    assertThat(Distance.commonPrefix(NodeId.of(self), id)).isEqualTo(prefix);
  }

  private static BigInteger xor(byte[] a, byte[] b) {
    return new BigInteger(1, a).xor(new BigInteger(1, b));
  }
}

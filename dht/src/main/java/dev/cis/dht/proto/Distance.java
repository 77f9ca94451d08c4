package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import java.util.Comparator;
import java.util.random.RandomGenerator;

/** The XOR metric (Kademlia, section 2.1). */
final class Distance {
  static final int BITS = NodeId.BYTES * 8;

  private Distance() {}

  /** Negative when {@code a} is closer to the target than {@code b}, 0 when they are the same. */
  static int compare(NodeId target, NodeId a, NodeId b) {
    int first = Long.compareUnsigned(target.head() ^ a.head(), target.head() ^ b.head());
    return first != 0 ? first : compareRest(target, a, b);
  }

  private static int compareRest(NodeId target, NodeId a, NodeId b) {
    for (int i = Long.BYTES; i < NodeId.BYTES; i++) {
      int order = (target.byteAt(i) ^ a.byteAt(i)) - (target.byteAt(i) ^ b.byteAt(i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  static Comparator<NodeId> to(NodeId target) {
    return (a, b) -> compare(target, a, b);
  }

  /** How many leading bits two ids share, 0 to 256. */
  static int commonPrefix(NodeId a, NodeId b) {
    long first = a.head() ^ b.head();
    if (first != 0) {
      return Long.numberOfLeadingZeros(first);
    }
    for (int i = Long.BYTES; i < NodeId.BYTES; i++) {
      int differing = a.byteAt(i) ^ b.byteAt(i);
      if (differing != 0) {
        return i * 8 + Integer.numberOfLeadingZeros(differing) - 24;
      }
    }
    return BITS;
  }

  /** The distance of two ids as a share of the whole space, 0 to 1. */
  static double share(NodeId a, NodeId b) {
    return ((a.head() ^ b.head()) >>> 1) * 0x1p-63;
  }

  /** A random id that shares exactly {@code prefix} leading bits with {@code self}. */
  static NodeId random(NodeId self, int prefix, RandomGenerator random) {
    var id = new byte[NodeId.BYTES];
    random.nextBytes(id);
    byte[] own = self.bytes();
    System.arraycopy(own, 0, id, 0, prefix / 8);
    int bit = prefix % 8;
    int kept = 0xFF00 >> bit & 0xFF;
    int flipped = 0x80 >> bit;
    int here = own[prefix / 8];
    id[prefix / 8] =
        (byte) ((here & kept) | (~here & flipped) | (id[prefix / 8] & ~(kept | flipped) & 0xFF));
    return NodeId.of(id);
  }
}

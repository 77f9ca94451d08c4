package dev.cis.transport.realm;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import dev.cis.transport.Address;
import dev.cis.transport.PeerLocator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a node keeps of one realm. Guarded by its {@link Realms}. */
final class Membership {
  /** Most members of a realm that a node remembers having met; the oldest is forgotten first. */
  static final int MAX_ACQUAINTED = 4096;

  static final int MAX_SERIALS = 256;
  static final int MAX_BYTES = 512 << 10;

  /**
   * A member met.
   *
   * @param since when it first proved the realm to us
   * @param epoch of the newest key that it proved
   */
  record Acquaintance(Instant since, long epoch) {}

  /** The newest charter known. */
  Signed<Charter> charter;

  /** The key of an invitation, unless a document has one as new. */
  @Nullable RealmKey invited;

  @Nullable Signed<RealmDocument> document;

  /** A grant of admin that the founder has not heard of yet. */
  @Nullable Signed<Grant> claim;

  final List<PeerLocator> anchors = new ArrayList<>();

  /** Everybody of whom any document said so: a revocation is never taken back. */
  final Set<NodeId> revoked = new LinkedHashSet<>();

  final Map<NodeId, Acquaintance> acquainted = new LinkedHashMap<>();

  /** Serials of grants of admin that were taken. */
  final Set<Bytes> taken = new LinkedHashSet<>();

  Membership(Signed<Charter> charter) {
    this.charter = charter;
  }

  String realm() {
    return Charter.realm(charter);
  }

  String name() {
    return charter.value().name();
  }

  /** Every key there is, the newest first. */
  List<RealmKey> keys() {
    var keys = new ArrayList<RealmKey>();
    if (invited != null) {
      keys.add(invited);
    }
    if (document != null) {
      keys.addAll(document.value().keys());
    }
    return keys;
  }

  long sequence() {
    return document == null ? 0 : document.value().sequence();
  }

  Role role(NodeId node) {
    return Charter.role(charter, node);
  }

  /** Whether the peer may prove itself by this key. */
  boolean isGood(RealmKey key, NodeId peer, Instant now) {
    if (!key.isGood(now)) {
      return false;
    }
    var suspect = key.suspectSince();
    if (suspect == null) {
      return true;
    }
    var met = acquainted.get(peer);
    return met != null && met.since.isBefore(suspect);
  }

  /** Whether a peer that proved this realm may stay. */
  boolean isWelcome(NodeId peer) {
    if (revoked.contains(peer)) {
      return false;
    }
    var met = acquainted.get(peer);
    if (met == null) {
      return true; // forgotten among thousands
    }
    // Met only after somebody with that key was revoked: it may be the revoked one's other name.
    return keys().stream()
        .filter(key -> key.epoch() == met.epoch)
        .allMatch(key -> key.suspectSince() == null || met.since.isBefore(key.suspectSince()));
  }

  /** Notes that a peer has proved a key; false if that is no news. */
  boolean met(NodeId peer, long epoch, Instant now) {
    var before = acquainted.get(peer);
    if (before != null && before.epoch >= epoch) {
      return false;
    }
    acquainted.put(peer, new Acquaintance(before == null ? now : before.since, epoch));
    while (acquainted.size() > MAX_ACQUAINTED) {
      acquainted.remove(acquainted.keySet().iterator().next());
    }
    return true;
  }

  private record Met(NodeId node, Acquaintance how) {}

  private static final Codec<Met> MET =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Met met) {
          out.bytes(1, met.node.bytes());
          out.uint(2, met.how.since.toEpochMilli()).uint(3, met.how.epoch);
        }

        @Override
        public Met read(WireReader in) {
          byte[] node = {};
          long since = 0;
          long epoch = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> node = in.exactly(NodeId.BYTES);
              case 2 -> since = in.uint(Long.MAX_VALUE);
              case 3 -> epoch = in.uint(Long.MAX_VALUE);
              default -> in.skip();
            }
          }
          return new Met(NodeId.of(node), new Acquaintance(Instant.ofEpochMilli(since), epoch));
        }
      };

  static final Codec<Membership> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Membership m) {
          out.message(1, Charter.SIGNED, m.charter);
          if (m.invited != null) {
            out.message(2, RealmKey.CODEC, m.invited);
          }
          if (m.document != null) {
            out.message(3, RealmDocument.SIGNED, m.document);
          }
          if (m.claim != null) {
            out.message(4, Grant.SIGNED, m.claim);
          }
          out.strings(5, m.anchors.stream().map(PeerLocator::toString).toList());
          m.revoked.forEach(node -> out.element(6, node.bytes()));
          m.acquainted.forEach((node, how) -> out.message(7, MET, new Met(node, how)));
          m.taken.forEach(serial -> out.element(8, serial.toByteArray()));
        }

        @Override
        public Membership read(WireReader in) {
          Signed<Charter> charter = null;
          RealmKey invited = null;
          Signed<RealmDocument> document = null;
          Signed<Grant> claim = null;
          var anchors = new ArrayList<PeerLocator>();
          var revoked = new ArrayList<NodeId>();
          var met = new ArrayList<Met>();
          var taken = new ArrayList<Bytes>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> charter = in.message(Charter.SIGNED, Charter.MAX_SIGNED_BYTES);
              case 2 -> invited = in.message(RealmKey.CODEC, RealmKey.MAX_ENCODED);
              case 3 -> document = in.message(RealmDocument.SIGNED, RealmDocument.MAX_SIGNED_BYTES);
              case 4 -> claim = in.message(Grant.SIGNED, Grant.MAX_SIGNED_BYTES);
              case 5 -> anchors.add(PeerLocator.parse(in.string(64 + Address.MAX_TEXT)));
              case 6 -> revoked.add(NodeId.of(in.exactly(NodeId.BYTES)));
              case 7 -> met.add(in.message(MET, 64));
              case 8 -> taken.add(Bytes.of(in.exactly(Grant.SERIAL_BYTES)));
              default -> in.skip();
            }
          }
          if (charter == null || (invited == null && document == null)) {
            throw new IllegalArgumentException("a membership without charter or key");
          }
          var membership = new Membership(charter);
          membership.invited = invited;
          membership.document = document;
          membership.claim = claim;
          membership.anchors.addAll(anchors);
          membership.revoked.addAll(revoked);
          met.forEach(one -> membership.acquainted.put(one.node, one.how));
          membership.taken.addAll(taken);
          return membership;
        }
      };
}

package dev.cis.dht.proto;

import dev.cis.dht.DhtCode;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.PeerRecord;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * What nodes keep for others at the place of its key. Each kind proves by itself that it belongs
 * there: by a signature, or because its hash is the key. So whoever keeps it and whoever reads it
 * can check it without trusting anybody between.
 */
public sealed interface Item {
  /** Most bytes of a value (BEP 44). */
  int MAX_VALUE = 1000;

  /** Largest encoding in bytes. */
  int MAX_BYTES = PeerRecord.MAX_SIGNED_BYTES + Provision.MAX_SIGNED_BYTES + 32;

  /** Where it belongs. */
  NodeId key();

  /** How much room it takes, about, in bytes. */
  int bytes();

  /** How to reach a node, at the node's own place. */
  record Peer(Signed<PeerRecord> record) implements Item {
    @Override
    public NodeId key() {
      return record.value().node();
    }

    @Override
    public int bytes() {
      return sizeOf(record);
    }
  }

  /**
   * Who provides something.
   *
   * @param provision what it says
   * @param peer how to reach it, so that one lookup tells all
   */
  record Provider(Signed<Provision> provision, Signed<PeerRecord> peer) implements Item {
    /** Checks that both are of one node. */
    public Provider {
      if (!provision.value().node().equals(peer.value().node())) {
        throw new Fault(
            DhtCode.BAD_RECORD,
            "a provision of "
                + provision.value().node().brief()
                + " came with the record of "
                + peer.value().node().brief());
      }
    }

    /** Who. */
    public NodeId node() {
      return provision.value().node();
    }

    @Override
    public NodeId key() {
      return provision.value().key();
    }

    @Override
    public int bytes() {
      return sizeOf(provision) + sizeOf(peer);
    }
  }

  /** A value that its author can change. */
  record Mutable(Signed<MutableValue> signed) implements Item {
    @Override
    public NodeId key() {
      return MutableValue.key(signed.signer(), signed.value().salt());
    }

    @Override
    public int bytes() {
      return sizeOf(signed);
    }
  }

  /** A value that never changes, at the place of its hash. */
  record Immutable(Bytes value) implements Item {
    /** Checks the size. */
    public Immutable {
      MutableValue.atMost("a value", value, MAX_VALUE);
    }

    @Override
    public NodeId key() {
      return hash(value.toByteArray(), new byte[0]);
    }

    @Override
    public int bytes() {
      return value.size() + 16;
    }
  }

  private static int sizeOf(Signed<?> signed) {
    return signed.payload().length + 128;
  }

  /** SHA-256 of both, one after the other. */
  static NodeId hash(byte[] first, byte[] second) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      digest.update(first);
      return NodeId.of(digest.digest(second));
    } catch (NoSuchAlgorithmException e) {
      throw new Fault(KernelCode.DEFECT, "this Java has no SHA-256", e);
    }
  }
}

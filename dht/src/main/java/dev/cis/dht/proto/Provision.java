package dev.cis.dht.proto;

import dev.cis.dht.DhtCode;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.time.Instant;

/**
 * What a node says of a key: that it provides what the key stands for. Signed by the node.
 *
 * @param key what is provided
 * @param node by whom
 * @param sequence of two provisions of one node and key the higher counts; milliseconds since 1970
 *     at the time of signing
 * @param expiry after this instant it says nothing any more
 */
public record Provision(NodeId key, NodeId node, long sequence, Instant expiry) {
  /** Signature domain. */
  public static final String DOMAIN = "cis-dht-provision/1";

  /** Largest encoding in bytes. */
  static final int MAX_BYTES = 256;

  /** Largest encoding of the signed message in bytes. */
  static final int MAX_SIGNED_BYTES = MAX_BYTES + 128;

  private static final int REMEMBERED = 1024;

  /** The unsigned message. */
  static final Codec<Provision> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Provision provision) {
          out.bytes(1, provision.key.bytes())
              .bytes(2, provision.node.bytes())
              .uint(3, provision.sequence)
              .uint(4, provision.expiry.toEpochMilli());
        }

        @Override
        public Provision read(WireReader in) {
          byte[] key = {};
          byte[] node = {};
          long sequence = 0;
          long expiry = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> key = in.exactly(NodeId.BYTES);
              case 2 -> node = in.exactly(NodeId.BYTES);
              case 3 -> sequence = in.uint(Long.MAX_VALUE);
              case 4 -> expiry = in.uint(Long.MAX_VALUE);
              default -> in.skip();
            }
          }
          return new Provision(
              NodeId.of(key), NodeId.of(node), sequence, Instant.ofEpochMilli(expiry));
        }
      };

  /** The signed message; reading also checks that the node itself signed. */
  public static final Codec<Signed<Provision>> SIGNED =
      new Codec<>() {
        private final Codec<Signed<Provision>> anySigner =
            Signed.codec(DOMAIN, CODEC, MAX_BYTES, REMEMBERED);

        @Override
        public void write(WireWriter out, Signed<Provision> message) {
          anySigner.write(out, message);
        }

        @Override
        public Signed<Provision> read(WireReader in) {
          var signed = anySigner.read(in);
          if (!signed.signer().nodeId().equals(signed.value().node)) {
            throw new Fault(
                DhtCode.BAD_RECORD,
                "a provision of " + signed.value().node.brief() + " was signed by another key");
          }
          return signed;
        }
      };

  /** Signs it with the node's own key. */
  public Signed<Provision> sign(KeyPair key) {
    return Signed.sign(key, DOMAIN, CODEC, this);
  }
}

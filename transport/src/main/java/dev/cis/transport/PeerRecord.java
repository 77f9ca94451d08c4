package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a node says of itself, signed by itself. Of two records of one node the higher sequence
 * wins.
 *
 * @param node who
 * @param sequence grows with every change; milliseconds since 1970 at the time of signing
 * @param addresses where it may be reached, best first, at most 16
 * @param relays nodes that relay for it, at most 4
 * @param name what its operator calls it, at most 64 bytes, may be empty
 * @param labels at most 32 of at most 63 bytes each side, such as {@code env=test}
 * @param roles what it does for others, such as {@code anchor}; at most 8
 * @param protocols what it speaks, at most 64
 * @param expiry after this instant the record says nothing any more
 */
public record PeerRecord(
    NodeId node,
    long sequence,
    List<Address> addresses,
    List<NodeId> relays,
    String name,
    SortedMap<String, String> labels,
    List<String> roles,
    List<ProtocolId> protocols,
    Instant expiry) {
  /** Largest encoding in bytes. */
  public static final int MAX_BYTES = 4096;

  /** Signature domain. */
  public static final String DOMAIN = "cis-peer-record/1";

  /** The unsigned message. */
  public static final Codec<PeerRecord> CODEC = new RecordCodec();

  /** The signed message; reading also checks that the node itself signed. */
  public static final Codec<Signed<PeerRecord>> SIGNED = new SelfSigned();

  /** Largest encoding of the signed message in bytes. */
  public static final int MAX_SIGNED_BYTES = MAX_BYTES + 128;

  /** Copies the collections and checks the counts. */
  public PeerRecord {
    addresses = List.copyOf(addresses);
    relays = List.copyOf(relays);
    labels = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    roles = List.copyOf(roles);
    protocols = List.copyOf(protocols);
    if (addresses.size() > 16
        || relays.size() > 4
        || labels.size() > 32
        || roles.size() > 8
        || protocols.size() > 64) {
      throw new Fault(TransportCode.BAD_RECORD, "too many entries in the peer record of " + node);
    }
  }

  /** Signs the record with the node's own key. */
  public Signed<PeerRecord> sign(KeyPair key) {
    var signed = Signed.sign(key, DOMAIN, CODEC, this);
    if (signed.payload().length > MAX_BYTES) {
      throw new Fault(
          TransportCode.BAD_RECORD,
          "the peer record has " + signed.payload().length + " bytes, limit " + MAX_BYTES);
    }
    return signed;
  }

  /** Whether it still says anything. */
  public boolean isCurrent(Instant now) {
    return now.isBefore(expiry);
  }

  private static final class SelfSigned implements Codec<Signed<PeerRecord>> {
    // A record comes with each connection and each answer of the DHT that names its node.
    private static final int REMEMBERED = 1024;
    private static final Codec<Signed<PeerRecord>> ANY_SIGNER =
        Signed.codec(DOMAIN, CODEC, MAX_BYTES, REMEMBERED);

    @Override
    public void write(WireWriter out, Signed<PeerRecord> message) {
      ANY_SIGNER.write(out, message);
    }

    @Override
    public Signed<PeerRecord> read(WireReader in) {
      var signed = ANY_SIGNER.read(in);
      if (!signed.signer().nodeId().equals(signed.value().node)) {
        throw new Fault(
            TransportCode.BAD_RECORD,
            "a record of " + signed.value().node.brief() + " was signed by another key");
      }
      return signed;
    }
  }

  private static final class RecordCodec implements Codec<PeerRecord> {
    private static final Codec<Map.Entry<String, String>> LABEL =
        new Codec<>() {
          @Override
          public void write(WireWriter out, Map.Entry<String, String> label) {
            out.string(1, label.getKey()).string(2, label.getValue());
          }

          @Override
          public Map.Entry<String, String> read(WireReader in) {
            var key = "";
            var value = "";
            while (in.next()) {
              switch (in.field()) {
                case 1 -> key = in.string(63);
                case 2 -> value = in.string(63);
                default -> in.skip();
              }
            }
            return Map.entry(key, value);
          }
        };

    @Override
    public void write(WireWriter out, PeerRecord record) {
      out.bytes(1, record.node.bytes()).uint(2, record.sequence);
      out.strings(3, record.addresses.stream().map(Address::toString).toList());
      record.relays.forEach(relay -> out.bytes(4, relay.bytes()));
      out.string(5, record.name).messages(6, LABEL, record.labels.entrySet());
      out.strings(7, record.roles);
      out.strings(8, record.protocols.stream().map(ProtocolId::toString).toList());
      out.uint(9, record.expiry.toEpochMilli());
    }

    @Override
    public PeerRecord read(WireReader in) {
      byte[] node = {};
      long sequence = 0;
      var addresses = new ArrayList<Address>();
      var relays = new ArrayList<NodeId>();
      var name = "";
      var labels = new TreeMap<String, String>();
      var roles = new ArrayList<String>();
      var protocols = new ArrayList<ProtocolId>();
      long expiry = 0;
      while (in.next()) {
        switch (in.field()) {
          case 1 -> node = in.exactly(NodeId.BYTES);
          case 2 -> sequence = in.uint(Long.MAX_VALUE);
          case 3 -> addresses.add(Address.parse(in.string(Address.MAX_TEXT)));
          case 4 -> relays.add(NodeId.of(in.exactly(NodeId.BYTES)));
          case 5 -> name = in.string(64);
          case 6 -> {
            var label = in.message(LABEL, 256);
            labels.put(label.getKey(), label.getValue());
          }
          case 7 -> roles.add(in.string(32));
          case 8 -> protocols.add(ProtocolId.parse(in.string(ProtocolId.MAX_TEXT)));
          case 9 -> expiry = in.uint(Long.MAX_VALUE);
          default -> in.skip();
        }
      }
      return new PeerRecord(
          NodeId.of(node),
          sequence,
          addresses,
          relays,
          name,
          labels,
          roles,
          protocols,
          Instant.ofEpochMilli(expiry));
    }
  }
}

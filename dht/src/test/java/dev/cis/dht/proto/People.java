package dev.cis.dht.proto;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.ProtocolId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Nodes with keys and signed records, always the same ones, made once. */
final class People {
  static final Instant EXPIRY = Instant.parse("2030-01-01T00:00:00Z");
  private static final List<KeyPair> KEYS = new ArrayList<>();
  private static final List<Signed<PeerRecord>> RECORDS = new ArrayList<>();
  private static final SplittableRandom RANDOM = new SplittableRandom(7);

  private People() {}

  static synchronized KeyPair key(int index) {
    while (KEYS.size() <= index) {
      KEYS.add(KeyPair.generate(RANDOM));
    }
    return KEYS.get(index);
  }

  static NodeId id(int index) {
    return key(index).nodeId();
  }

  /** The record of a node that serves the DHT in a lab. */
  static synchronized Signed<PeerRecord> record(int index) {
    while (RECORDS.size() <= index) {
      int next = RECORDS.size();
      var address =
          new Address("10." + next / 62500 + "." + next / 250 % 250 + "." + next % 250, 7677);
      RECORDS.add(record(next, 1, List.of(address), EXPIRY, true));
    }
    return RECORDS.get(index);
  }

  static Signed<PeerRecord> record(
      int index, long sequence, List<Address> addresses, Instant expiry, boolean serves) {
    var protocols = serves ? List.of(DhtMessage.PROTOCOL) : List.<ProtocolId>of();
    return new PeerRecord(
            id(index),
            sequence,
            addresses,
            List.of(),
            "n" + index,
            new TreeMap<>(),
            List.of(),
            protocols,
            expiry)
        .sign(key(index));
  }

  static Signed<PeerRecord> at(int index, String host) {
    return record(index, 1, List.of(new Address(host, 7677)), EXPIRY, true);
  }
}

package dev.cis.transport;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Uptime;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Supplier;

/** Our own peer record, signed anew whenever what it says has changed. */
final class OwnRecord implements Supplier<Signed<PeerRecord>> {
  private static final int MAX_ADDRESSES = 16;

  private final KeyPair key;
  private final Duration lifetime;
  private final Supplier<List<Address>> addresses;
  private final Supplier<List<ProtocolId>> protocols;
  private PeerDescription description;
  private Signed<PeerRecord> signed;
  private boolean stale;

  OwnRecord(
      KeyPair key,
      Duration lifetime,
      Supplier<List<Address>> addresses,
      Supplier<List<ProtocolId>> protocols,
      PeerDescription description) {
    this.key = key;
    this.lifetime = lifetime;
    this.addresses = addresses;
    this.protocols = protocols;
    this.description = description;
    this.signed = sign(description, 0);
  }

  @Override
  public synchronized Signed<PeerRecord> get() {
    var halfLife = signed.value().expiry().minus(lifetime.dividedBy(2));
    if (stale || !Uptime.CLOCK.now().wall().isBefore(halfLife)) {
      signed = sign(description, signed.value().sequence());
      stale = false;
    }
    return signed;
  }

  /** Says something else from now on; a description that cannot be signed changes nothing. */
  synchronized void describe(PeerDescription changed) {
    signed = sign(changed, signed.value().sequence());
    description = changed;
    stale = false;
  }

  /** The protocols or addresses have changed; the next reader gets a new record. */
  synchronized void outdated() {
    stale = true;
  }

  private Signed<PeerRecord> sign(PeerDescription of, long after) {
    Instant now = Uptime.CLOCK.now().wall();
    var all = new LinkedHashSet<>(of.external());
    all.addAll(addresses.get());
    return new PeerRecord(
            key.nodeId(),
            Math.max(after + 1, now.toEpochMilli()),
            all.stream().limit(MAX_ADDRESSES).toList(),
            List.of(),
            of.name(),
            of.labels(),
            of.roles(),
            protocols.get(),
            now.plus(lifetime))
        .sign(key);
  }
}

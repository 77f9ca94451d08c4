package dev.cis.transport;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Uptime;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Our own peer record, signed anew whenever what it says has changed. Strangers to whom we are
 * linked in the realm of anchors get another edition, with neither name nor labels nor what is
 * spoken in realms; its sequence is one lower, so whoever gets to see both keeps the whole one.
 */
final class OwnRecord implements Supplier<Signed<PeerRecord>> {
  private static final int MAX_ADDRESSES = 16;

  private final KeyPair key;
  private final Duration lifetime;
  private final Supplier<List<Address>> addresses;
  private final Supplier<List<ProtocolId>> protocols;
  private final Supplier<List<ProtocolId>> openProtocols;
  private PeerDescription description;
  private Signed<PeerRecord> signed;
  private @Nullable Signed<PeerRecord> open;
  private boolean stale;

  OwnRecord(
      KeyPair key,
      Duration lifetime,
      Supplier<List<Address>> addresses,
      Supplier<List<ProtocolId>> protocols,
      Supplier<List<ProtocolId>> openProtocols,
      PeerDescription description) {
    this.key = key;
    this.lifetime = lifetime;
    this.addresses = addresses;
    this.protocols = protocols;
    this.openProtocols = openProtocols;
    this.description = description;
    this.signed = sign(description, 0);
  }

  /** The edition for a peer that proved these realms. */
  Signed<PeerRecord> of(Set<String> realms) {
    return realms.equals(Set.of(Admission.ANCHOR_REALM)) ? open() : get();
  }

  /** The edition for strangers. */
  synchronized Signed<PeerRecord> open() {
    var whole = get().value();
    if (open == null || open.value().sequence() != whole.sequence() - 1) {
      open =
          new PeerRecord(
                  whole.node(),
                  whole.sequence() - 1,
                  whole.addresses(),
                  whole.relays(),
                  "",
                  new TreeMap<>(),
                  whole.roles(),
                  openProtocols.get(),
                  whole.expiry())
              .sign(key);
    }
    return open;
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
            Math.max(after + 2, now.toEpochMilli()), // one is left for the other edition
            all.stream().limit(MAX_ADDRESSES).toList(),
            of.relays(),
            of.name(),
            of.labels(),
            of.roles(),
            protocols.get(),
            now.plus(lifetime))
        .sign(key);
  }
}

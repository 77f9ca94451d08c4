package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.PeerRecord;
import java.time.Duration;

/** A node in the routing table, and what we know of its reliability. */
final class Contact {
  private final NodeId node;
  private final Duration since;
  private Signed<PeerRecord> record;
  private String subnet;
  private Duration lastHeard;
  private Duration probeAt = Duration.ZERO;
  private int failures;

  /** {@code subnet} is empty for a private address. */
  Contact(Signed<PeerRecord> record, String subnet, Duration now) {
    this.node = record.value().node();
    this.record = record;
    this.subnet = subnet;
    this.since = now;
    this.lastHeard = now;
  }

  NodeId node() {
    return node;
  }

  Signed<PeerRecord> record() {
    return record;
  }

  String subnet() {
    return subnet;
  }

  Duration since() {
    return since;
  }

  Duration lastHeard() {
    return lastHeard;
  }

  Duration probeAt() {
    return probeAt;
  }

  int failures() {
    return failures;
  }

  void heard(Duration now) {
    lastHeard = now;
    failures = 0;
  }

  void failed(Duration nextProbe) {
    failures++;
    probeAt = nextProbe;
  }

  void probing(Duration nextProbe) {
    probeAt = nextProbe;
  }

  void moved(String to) {
    subnet = to;
  }

  /** Takes the record if it is newer. */
  void described(Signed<PeerRecord> next) {
    if (next.value().sequence() > record.value().sequence()) {
      record = next;
    }
  }
}

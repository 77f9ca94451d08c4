package dev.cis.dht.proto;

import dev.cis.kernel.time.Machine;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Which nodes of the table are to be asked whether they are still there. Knows when none can be, so
 * that the table need not be looked through for nothing.
 */
final class Probes {
  private final Predicate<Contact> isLive;

  /** No node that is gone is due for a probe before this. */
  private Duration firstAt = Machine.NEVER;

  /** No record runs out before this. */
  private Instant firstExpiry = Instant.MAX;

  Probes(Predicate<Contact> isLive) {
    this.isLive = isLive;
  }

  /** A node did not answer; it says when it is to be asked again. */
  void mayBeDue(Contact contact) {
    firstAt = min(firstAt, contact.probeAt());
  }

  /** The record of a node in the table is new. */
  void expires(Contact contact) {
    var expiry = contact.record().value().expiry();
    if (expiry.isBefore(firstExpiry)) {
      firstExpiry = expiry;
    }
  }

  /**
   * Up to {@code limit} of those that are gone or whose record has run out, the first due first.
   */
  List<Contact> due(Duration now, Instant wall, int limit, Consumer<Consumer<Contact>> all) {
    if (now.compareTo(firstAt) < 0 && wall.isBefore(firstExpiry)) {
      return List.of();
    }
    var due = new ArrayList<Contact>();
    firstAt = Machine.NEVER;
    firstExpiry = Instant.MAX;
    all.accept(contact -> {
      boolean current = wall.isBefore(contact.record().value().expiry());
      if (current) {
        expires(contact);
      }
      if (!current || !isLive.test(contact)) {
        if (contact.probeAt().compareTo(now) <= 0) {
          due.add(contact);
        }
        mayBeDue(contact);
      }
    });
    due.sort(Comparator.comparing(Contact::probeAt));
    return due.subList(0, Math.min(limit, due.size()));
  }

  /** Makes the nodes that are gone due now. */
  void soon(Duration now, Consumer<Consumer<Contact>> all) {
    all.accept(contact -> {
      if (!isLive.test(contact) && contact.probeAt().compareTo(now) > 0) {
        contact.probing(now);
      }
    });
    firstAt = min(firstAt, now);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}

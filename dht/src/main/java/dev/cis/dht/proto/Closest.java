package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.PeerRecord;
import java.util.List;

/** The so many contacts closest to a target of those that were offered, in order. */
final class Closest {
  private final NodeId target;
  private final Contact[] contacts;

  /** The first eight bytes of each one's distance. */
  private final long[] distances;

  private int size;

  Closest(NodeId target, int count) {
    this.target = target;
    this.contacts = new Contact[count];
    this.distances = new long[count];
  }

  /** Whether somebody at this distance, by the first eight bytes, might be among them. */
  boolean mayTake(long distance) {
    return size < contacts.length || Long.compareUnsigned(distance, distances[size - 1]) <= 0;
  }

  /** Takes a contact at this distance, unless it is farther than all of as many as are wanted. */
  void offer(Contact contact, long distance) {
    int at = size;
    while (at > 0 && isCloser(contact, distance, at - 1)) {
      at--;
    }
    if (at == contacts.length) {
      return;
    }
    int moved = Math.min(size, contacts.length - 1) - at;
    System.arraycopy(contacts, at, contacts, at + 1, moved);
    System.arraycopy(distances, at, distances, at + 1, moved);
    contacts[at] = contact;
    distances[at] = distance;
    size = Math.min(size + 1, contacts.length);
  }

  private boolean isCloser(Contact contact, long distance, int other) {
    return distance == distances[other]
        ? Distance.compare(target, contact.node(), contacts[other].node()) < 0
        : Long.compareUnsigned(distance, distances[other]) < 0;
  }

  void recordsInto(List<Signed<PeerRecord>> records) {
    for (int i = 0; i < size; i++) {
      records.add(contacts[i].record());
    }
  }
}

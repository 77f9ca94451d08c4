package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Up to k nodes that share the same number of bits with us, least recently heard first, and up to k
 * more that would like to be here.
 */
final class Bucket {
  private final int k;
  private final ArrayList<Contact> contacts = new ArrayList<>();
  private final LinkedHashMap<NodeId, Contact> waiting = new LinkedHashMap<>();

  Bucket(int k) {
    this.k = k;
  }

  List<Contact> contacts() {
    return contacts;
  }

  int waiting() {
    return waiting.size();
  }

  @Nullable Contact find(NodeId node) {
    for (int i = contacts.size() - 1; i >= 0; i--) { // who was heard lately is heard again
      var contact = contacts.get(i);
      if (contact.head() == node.head() && contact.node().equals(node)) {
        return contact;
      }
    }
    return null;
  }

  boolean hasRoom() {
    return contacts.size() < k;
  }

  void add(Contact contact) {
    waiting.remove(contact.node());
    contacts.add(contact);
  }

  void remove(Contact contact) {
    contacts.remove(contact);
    waiting.remove(contact.node());
  }

  void heard(Contact contact, Duration now) {
    contact.heard(now);
    if (contacts.getLast() != contact) {
      contacts.remove(contact);
      contacts.add(contact);
    }
  }

  /** Keeps a newcomer for the time when somebody leaves; the longest waiting gives way. */
  void await(Contact contact) {
    waiting.remove(contact.node());
    if (waiting.size() >= k) {
      waiting.pollFirstEntry();
    }
    waiting.put(contact.node(), contact);
  }

  /** The newcomer that was heard last. */
  Optional<Contact> takeWaiting() {
    var entry = waiting.pollLastEntry();
    return entry == null ? Optional.empty() : Optional.of(entry.getValue());
  }

  void forgetWaiting(NodeId node) {
    waiting.remove(node);
  }
}

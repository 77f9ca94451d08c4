package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Up to k nodes that share the same number of bits with us, least recently heard first, and up to k
 * more that would like to be here.
 */
final class Bucket {
  private final int k;
  private final ArrayList<Contact> contacts = new ArrayList<>();

  /**
   * {@link NodeId#head} of each contact, in their order: looked at far more often than they are.
   */
  private final long[] heads;

  private final LinkedHashMap<NodeId, Contact> waiting = new LinkedHashMap<>();

  Bucket(int k) {
    this.k = k;
    this.heads = new long[k];
  }

  /** To look at only. */
  List<Contact> contacts() {
    return contacts;
  }

  int size() {
    return contacts.size();
  }

  /** {@link NodeId#head} of a contact. */
  long head(int index) {
    return heads[index];
  }

  int waiting() {
    return waiting.size();
  }

  @Nullable Contact find(NodeId node) {
    int at = indexOf(node);
    return at < 0 ? null : contacts.get(at);
  }

  private int indexOf(NodeId node) {
    for (int i = contacts.size() - 1; i >= 0; i--) { // who was heard lately is heard again
      if (heads[i] == node.head() && contacts.get(i).node().equals(node)) {
        return i;
      }
    }
    return -1;
  }

  boolean hasRoom() {
    return contacts.size() < k;
  }

  void add(Contact contact) {
    waiting.remove(contact.node());
    heads[contacts.size()] = contact.node().head();
    contacts.add(contact);
  }

  void remove(Contact contact) {
    int at = indexOf(contact.node());
    if (at >= 0) {
      removeAt(at);
    }
    waiting.remove(contact.node());
  }

  private void removeAt(int at) {
    contacts.remove(at);
    System.arraycopy(heads, at + 1, heads, at, contacts.size() - at);
  }

  void removeIf(Predicate<Contact> condition) {
    for (int i = contacts.size() - 1; i >= 0; i--) {
      if (condition.test(contacts.get(i))) {
        removeAt(i);
      }
    }
  }

  void heard(Contact contact, Duration now) {
    contact.heard(now);
    if (contacts.getLast() != contact) {
      removeAt(indexOf(contact.node()));
      heads[contacts.size()] = contact.node().head();
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

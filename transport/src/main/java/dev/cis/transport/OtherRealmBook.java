package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The address book as another realm may write it. Records that are passed on there are hints where
 * a node is and no more: the record of a member, with its name and labels, is the home realm's.
 */
final class OtherRealmBook implements PeerBook {
  private final PeerBook book;

  OtherRealmBook(PeerBook book) {
    this.book = book;
  }

  @Override
  public boolean add(Signed<PeerRecord> record) {
    var node = record.value().node();
    record.value().addresses().forEach(address -> book.suggest(node, address, "dht"));
    return true;
  }

  @Override
  public void suggest(NodeId node, Address address, String source) {
    book.suggest(node, address, source);
  }

  @Override
  public void addManual(NodeId node, Address address, @Nullable String alias) {
    book.addManual(node, address, alias);
  }

  @Override
  public boolean remove(NodeId node) {
    return book.remove(node);
  }

  @Override
  public void succeeded(NodeId node, Address address) {
    book.succeeded(node, address);
  }

  @Override
  public void failed(NodeId node, Address address, String why) {
    book.failed(node, address, why);
  }

  @Override
  public Optional<Entry> find(NodeId node) {
    return book.find(node);
  }

  @Override
  public List<Entry> matching(String text) {
    return book.matching(text);
  }

  @Override
  public List<Entry> entries() {
    return book.entries();
  }
}

package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An address book that tells of every record that was news, whoever brought it. */
final class ObservedBook implements PeerBook {
  private final PeerBook book;
  private final Consumer<Signed<PeerRecord>> news;

  ObservedBook(PeerBook book, Consumer<Signed<PeerRecord>> news) {
    this.book = book;
    this.news = news;
  }

  @Override
  public boolean add(Signed<PeerRecord> record) {
    boolean isNews = book.add(record);
    if (isNews) {
      news.accept(record);
    }
    return isNews;
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

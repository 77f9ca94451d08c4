package dev.cis.sync.proto;

import dev.cis.crdt.VersionVector;
import dev.cis.sync.proto.SyncMessage.Difference;
import dev.cis.sync.proto.SyncMessage.Request;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is still to be compared, wanted and given in a full exchange that we lead. */
final class FullComparison {
  private static final int MINE_AT_ONCE = 1024;

  private final EntryStore store;
  private final Pace pace;
  private final Deque<Span> spans = new ArrayDeque<>();
  private final Set<Span> asked = new HashSet<>();
  private final Deque<Long> wanted = new ArrayDeque<>();
  private final Deque<Long> given = new ArrayDeque<>();

  FullComparison(EntryStore store, Pace pace) {
    this.store = store;
    this.pace = pace;
    spans.add(Span.ALL);
  }

  /** The next request, null when everything is compared. */
  @Nullable Request next(long exchange, int step) {
    if (!wanted.isEmpty()) {
      var positions = wanted.stream().limit(SyncMessage.MAX_WANTED).toList();
      return new SyncMessage.Want(exchange, step, positions);
    }
    if (!given.isEmpty()) {
      return new SyncMessage.Give(exchange, step, portion(), false, VersionVector.EMPTY);
    }
    if (spans.isEmpty()) {
      return null;
    }
    asked.clear();
    var prints = new ArrayList<SyncMessage.Print>();
    while (!spans.isEmpty() && prints.size() < SyncMessage.MAX_SPANS) {
      var span = spans.removeLast();
      asked.add(span);
      prints.add(new SyncMessage.Print(span, store.fingerprint(span)));
    }
    return new SyncMessage.Compare(exchange, step, prints);
  }

  private List<Entry> portion() {
    var entries = new ArrayList<Entry>();
    int bytes = 0;
    while (!given.isEmpty()) {
      var found = store.at(given.element());
      bytes += found.stream().mapToInt(Entry::size).sum();
      if (!entries.isEmpty()
          && (bytes > pace.batchBytes() || entries.size() + found.size() > pace.batchEntries())) {
        break;
      }
      entries.addAll(found);
      given.remove();
    }
    return entries;
  }

  /** The first so many wanted positions were dealt with; false if that cannot be. */
  boolean got(int handled) {
    if (handled < 1 || handled > wanted.size()) {
      return false;
    }
    for (int i = 0; i < handled; i++) {
      wanted.remove();
    }
    return true;
  }

  /** Learns where the peer differs; false when it speaks of what was not asked. */
  boolean learn(List<Difference> differences) {
    for (var difference : differences) {
      var span = difference.span();
      if (!asked.remove(span)) {
        return false;
      }
      switch (difference) {
        case SyncMessage.Split split -> {
          var children = span.split();
          for (int i = 0; i < children.size(); i++) {
            if (!store.fingerprint(children.get(i)).equals(split.parts().get(i))) {
              spans.add(children.get(i));
            }
          }
        }
        case SyncMessage.Listing listing -> {
          var mine = store.list(span, MINE_AT_ONCE);
          if (mine.size() == MINE_AT_ONCE && !span.isSingle()) {
            spans.addAll(span.split()); // we have far more: go in smaller portions
          } else {
            var theirs = new HashSet<>(listing.listed());
            mine.stream().filter(m -> !theirs.contains(m)).forEach(m -> given.add(m.position()));
            var ours = new HashSet<>(mine);
            listing.listed().stream()
                .filter(listed -> !ours.contains(listed) && span.contains(listed.position()))
                .forEach(listed -> wanted.add(listed.position()));
          }
        }
      }
    }
    return true;
  }
}

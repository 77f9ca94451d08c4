package dev.cis.sync;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sync.proto.Entry;
import dev.cis.sync.proto.EntryDraft;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The memory as its users see it. */
final class StoredMemory implements Memory {
  private static final String REALM = "";

  private final NodeId self;
  private final SqliteStore store;
  private final Watchers watchers;
  private final Guards guards;
  private final Supplier<Now> clock;
  private final Consumer<Entry> written;

  StoredMemory(
      NodeId self,
      SqliteStore store,
      Watchers watchers,
      Guards guards,
      Supplier<Now> clock,
      Consumer<Entry> written) {
    this.self = self;
    this.store = store;
    this.watchers = watchers;
    this.guards = guards;
    this.clock = clock;
    this.written = written;
  }

  @Override
  public Item put(
      Domain domain, String category, String key, Bytes value, @Nullable Embedding vector) {
    checkText("category", category, MAX_CATEGORY);
    checkKey(key);
    if (value.size() > MAX_VALUE) {
      throw invalid("the value of " + key + " has " + value.size() + " bytes, limit " + MAX_VALUE);
    }
    var draft =
        new EntryDraft(
            REALM, category, key, value, vector == null ? Bytes.EMPTY : vector.toBytes(), false);
    return write(domain, draft).orElseThrow();
  }

  @Override
  public Optional<Item> delete(Domain domain, String key) {
    checkKey(key);
    return write(domain, new EntryDraft(REALM, "", key, Bytes.EMPTY, Bytes.EMPTY, true));
  }

  private Optional<Item> write(Domain domain, EntryDraft draft) {
    if (domain == Domain.PUBLIC) {
      var why = guards.refuse(draft.key(), draft.value(), self, draft.deleted());
      if (why != null) {
        throw new Fault(SyncCode.REFUSED, "memory key " + draft.key() + " is refused: " + why);
      }
    }
    var made = store.write(domain, draft, clock.get().wall());
    made.map(Tables.Made::entry).ifPresent(written);
    return made.map(Tables.Made::item);
  }

  private static void checkKey(String key) {
    if (key.isEmpty()) {
      throw invalid("a memory key cannot be empty");
    }
    checkText("key", key, MAX_KEY);
  }

  private static void checkText(String what, String text, int limit) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > limit) {
      throw invalid("a memory " + what + " has at most " + limit + " bytes, not " + bytes);
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text) || text.indexOf('\0') >= 0) {
      throw invalid("a memory " + what + " is text without lone surrogates or NUL");
    }
  }

  private static Fault invalid(String message) {
    return new Fault(SyncCode.INVALID, message);
  }

  @Override
  public Optional<Item> get(Domain domain, String key) {
    return store.get(domain, key).map(Slot::item);
  }

  @Override
  public List<Item> list(Domain domain, String prefix, String after, int limit) {
    return store.list(domain, prefix, after, limit).stream().map(Slot::item).toList();
  }

  @Override
  public List<Conflict> conflicts(int limit) {
    return store.conflicts(limit);
  }

  @Override
  public Watch watch(Domain domain, String prefix, Consumer<Item> watcher) {
    return watchers.watch(store, domain, prefix, watcher);
  }

  @Override
  public void guard(String prefix, Guard guard) {
    guards.add(prefix, guard);
    store.expel(
        prefix,
        item -> guards.refuse(item.key(), item.value(), item.author(), item.deleted()) != null);
  }
}

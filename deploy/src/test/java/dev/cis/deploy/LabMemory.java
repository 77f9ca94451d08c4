package dev.cis.deploy;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sync.Embedding;
import dev.cis.sync.Memory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A memory for tests of this room: last writer wins by a counter that all nodes of the lab share,
 * spread at once to the nodes that are online. Guards are asked on every node.
 */
final class LabMemory implements Memory {
  /** The nodes that share. */
  static final class Lab {
    private final List<LabMemory> nodes = new CopyOnWriteArrayList<>();
    private long counter;

    LabMemory join(NodeId node) {
      var memory = new LabMemory(this, node);
      nodes.add(memory);
      return memory;
    }

    private synchronized long next() {
      return ++counter;
    }
  }

  private record Watcher(String prefix, Consumer<Item> consumer) {}

  private final Lab lab;
  private final NodeId self;
  private final TreeMap<String, Item> items = new TreeMap<>();
  private final Map<String, Guard> guards = new TreeMap<>();
  private final List<Watcher> watchers = new CopyOnWriteArrayList<>();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().factory());
  private boolean online = true;

  private LabMemory(Lab lab, NodeId self) {
    this.lab = lab;
    this.self = self;
  }

  /** One counter orders all writes: none are concurrent. */
  @Override
  public List<Conflict> conflicts(int limit) {
    return List.of();
  }

  /** A node that comes online gets what it missed, and gives what others missed. */
  void online(boolean now) {
    synchronized (this) {
      online = now;
    }
    if (now) {
      for (var other : lab.nodes) {
        if (other.isOnline()) {
          other.all().forEach(this::receive);
          all().forEach(other::receive);
        }
      }
    }
  }

  /** The node begins again with what it has stored. */
  synchronized void reopen() {
    guards.clear();
    watchers.clear();
  }

  private synchronized boolean isOnline() {
    return online;
  }

  private synchronized List<Item> all() {
    return List.copyOf(items.values());
  }

  @Override
  public Item put(
      Domain domain, String category, String key, Bytes value, @Nullable Embedding vector) {
    long sequence = lab.next();
    var written = Instant.ofEpochMilli(sequence);
    var clock = new TreeMap<>(Map.of(self, sequence));
    var item =
        new Item(domain, category, key, value, vector, self, sequence, written, clock, false);
    var refusal = refusal(item);
    if (refusal != null) {
      throw new IllegalArgumentException(refusal);
    }
    receive(item);
    if (isOnline()) {
      lab.nodes.stream().filter(LabMemory::isOnline).forEach(other -> other.receive(item));
    }
    return item;
  }

  private synchronized @Nullable String refusal(Item item) {
    return guards.entrySet().stream()
        .filter(guard -> item.key().startsWith(guard.getKey()))
        .map(guard ->
            guard.getValue().refuse(item.key(), item.value(), item.author(), item.deleted()))
        .filter(java.util.Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  private synchronized void receive(Item item) {
    var known = items.get(item.key());
    if ((known != null && known.sequence() >= item.sequence()) || refusal(item) != null) {
      return;
    }
    items.put(item.key(), item);
    for (var watcher : watchers) {
      if (item.key().startsWith(watcher.prefix())) {
        thread.execute(() -> watcher.consumer().accept(item));
      }
    }
  }

  @Override
  public Optional<Item> delete(Domain domain, String key) {
    throw new UnsupportedOperationException("nothing is deleted in this room");
  }

  @Override
  public synchronized Optional<Item> get(Domain domain, String key) {
    return Optional.ofNullable(items.get(key));
  }

  @Override
  public synchronized List<Item> list(Domain domain, String prefix, String after, int limit) {
    var found = new ArrayList<Item>();
    var from = after.compareTo(prefix) > 0 ? after : prefix;
    for (var item : items.tailMap(from, !from.equals(after)).values()) {
      if (!item.key().startsWith(prefix) || found.size() == limit) {
        break;
      }
      found.add(item);
    }
    return found;
  }

  @Override
  public Watch watch(Domain domain, String prefix, Consumer<Item> watcher) {
    var entry = new Watcher(prefix, watcher);
    watchers.add(entry);
    return () -> watchers.remove(entry);
  }

  @Override
  public synchronized void guard(String prefix, Guard guard) {
    guards.put(prefix, guard);
  }
}

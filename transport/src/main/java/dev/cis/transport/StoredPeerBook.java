package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.Did;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.time.Uptime;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The address book, kept in one file that is written whole and renamed into place. Changes are
 * gathered for a second or two; {@link #close} writes what is left.
 */
public final class StoredPeerBook implements PeerBook, AutoCloseable {
  /** Most peers; more than an anchor has connections. */
  public static final int MAX_PEERS = 16_384;

  /** Most addresses of one peer. */
  static final int MAX_ADDRESSES = 32;

  private static final Duration GATHER = Duration.ofSeconds(1);

  private final Supplier<Now> clock;
  private final @Nullable PeerFile file;
  private final Map<NodeId, Entry> entries = new HashMap<>();
  private final Map<String, NodeId> aliases = new HashMap<>();
  private final @Nullable Thread writer;
  private boolean dirty;
  private boolean closed;

  private StoredPeerBook(@Nullable PeerFile file, Supplier<Now> clock) {
    this.file = file;
    this.clock = clock;
    if (file == null) {
      writer = null;
    } else {
      synchronized (this) {
        file.read().forEach(this::keep);
        dirty = false;
      }
      writer = Thread.ofVirtual().name("peer-book").start(this::writeChanges);
    }
  }

  /**
   * The book in this file, which need not exist yet. A damaged file is set aside with a warning,
   * and the book begins empty.
   */
  public static StoredPeerBook open(Path file) {
    return new StoredPeerBook(new PeerFile(file), Uptime.CLOCK);
  }

  /** A book that is not written anywhere. */
  public static StoredPeerBook inMemory() {
    return new StoredPeerBook(null, Uptime.CLOCK);
  }

  @Override
  public synchronized boolean add(Signed<PeerRecord> record) {
    var value = record.value();
    var now = now();
    if (!value.isCurrent(now)) {
      return false;
    }
    var entry = entry(value.node());
    if (entry.record() != null && entry.record().value().sequence() >= value.sequence()) {
      return false;
    }
    var addresses = byAddress(entry);
    addresses
        .values()
        .removeIf(known -> known.source().equals("record") && known.lastSuccess() == null);
    for (var address : value.addresses()) {
      addresses.putIfAbsent(address, new Known(address, "record", null, null, null));
    }
    keep(
        with(
            new Entry(entry.node(), record, entry.addresses(), entry.alias(), entry.manual(), now),
            addresses));
    return true;
  }

  @Override
  public synchronized void suggest(NodeId node, Address address, String source) {
    var entry = entry(node);
    var addresses = byAddress(entry);
    if (addresses.putIfAbsent(address, new Known(address, source, null, null, null)) == null) {
      keep(with(entry, addresses));
    }
  }

  @Override
  public synchronized void addManual(NodeId node, Address address, @Nullable String alias) {
    var entry = entry(node);
    String name = alias == null ? entry.alias() : new Did(alias).name();
    var owner = aliases.get(name);
    if (!name.isEmpty() && owner != null && !owner.equals(node)) {
      throw new Fault(
          TransportCode.ALIAS_PINNED,
          "'"
              + name
              + "' is pinned to "
              + owner
              + ", but "
              + node
              + " shows up under it;"
              + " if that is right, remove the old peer first");
    }
    var addresses = byAddress(entry);
    var known = addresses.get(address);
    addresses.put(
        address,
        known == null
            ? new Known(address, "manual", null, null, null)
            : new Known(
                address, "manual", known.lastSuccess(), known.lastFailure(), known.failure()));
    aliases.remove(entry.alias());
    keep(
        with(
            new Entry(node, entry.record(), entry.addresses(), name, true, entry.lastSeen()),
            addresses));
  }

  @Override
  public synchronized boolean remove(NodeId node) {
    var removed = entries.remove(node);
    if (removed != null) {
      aliases.remove(removed.alias());
      changed();
    }
    return removed != null;
  }

  @Override
  public synchronized void succeeded(NodeId node, Address address) {
    var entry = entry(node);
    var addresses = byAddress(entry);
    var before = addresses.get(address);
    var now = now();
    addresses.put(
        address, new Known(address, before == null ? "dialled" : before.source(), now, null, null));
    keep(
        with(
            new Entry(node, entry.record(), entry.addresses(), entry.alias(), entry.manual(), now),
            addresses));
  }

  @Override
  public synchronized void failed(NodeId node, Address address, String why) {
    var entry = entries.get(node);
    if (entry == null) {
      return;
    }
    var addresses = byAddress(entry);
    var before = addresses.get(address);
    if (before != null) {
      addresses.put(
          address,
          new Known(address, before.source(), before.lastSuccess(), now(), Wording.cut(why, 200)));
      keep(with(entry, addresses));
    }
  }

  @Override
  public synchronized Optional<Entry> find(NodeId node) {
    return Optional.ofNullable(entries.get(node));
  }

  @Override
  public synchronized List<Entry> matching(String text) {
    var name = Did.isDid(text) ? Did.parse(text).name() : text;
    if (name.isEmpty()) {
      return List.of();
    }
    if (NodeId.isNodeId(name)) {
      return find(NodeId.parse(name)).stream().toList();
    }
    var pinned = aliases.get(name);
    if (pinned != null) {
      return find(pinned).stream().toList();
    }
    var named = entries().stream().filter(entry -> recordName(entry).equals(name)).toList();
    return named.isEmpty()
        ? entries().stream()
            .filter(entry ->
                entry.node().toString().startsWith(name)
                    || entry.alias().startsWith(name)
                    || recordName(entry).startsWith(name))
            .toList()
        : named;
  }

  private static String recordName(Entry entry) {
    return entry.record() == null ? "" : entry.record().value().name();
  }

  @Override
  public synchronized List<Entry> entries() {
    return entries.values().stream().sorted(MOST_RECENT).toList();
  }

  private static final Comparator<Entry> MOST_RECENT =
      Comparator.comparing(
              (Entry entry) -> entry.lastSeen() == null ? Instant.EPOCH : entry.lastSeen())
          .reversed()
          .thenComparing(Entry::node);

  private Instant now() {
    // Milliseconds are what the file holds.
    return Instant.ofEpochMilli(clock.get().wall().toEpochMilli());
  }

  private Entry entry(NodeId node) {
    var entry = entries.get(node);
    return entry == null ? new Entry(node, null, List.of(), "", false, null) : entry;
  }

  private static Map<Address, Known> byAddress(Entry entry) {
    var map = new LinkedHashMap<Address, Known>();
    entry.addresses().forEach(known -> map.put(known.address(), known));
    return map;
  }

  private static Entry with(Entry entry, Map<Address, Known> addresses) {
    var sorted = new ArrayList<>(addresses.values());
    sorted.sort(MOST_PROMISING);
    return new Entry(
        entry.node(),
        entry.record(),
        List.copyOf(sorted.subList(0, Math.min(MAX_ADDRESSES, sorted.size()))),
        entry.alias(),
        entry.manual(),
        entry.lastSeen());
  }

  /** What worked last, then what was never tried, then what failed longest ago. */
  private static final Comparator<Known> MOST_PROMISING =
      Comparator.comparingInt(
              (Known known) -> works(known) ? 0 : known.lastFailure() == null ? 1 : 2)
          .thenComparing(
              known -> known.lastSuccess() == null ? Instant.EPOCH : known.lastSuccess(),
              Comparator.reverseOrder())
          .thenComparingInt(known -> known.source().equals("manual") ? 0 : 1)
          .thenComparing(
              known -> known.lastFailure() == null ? Instant.EPOCH : known.lastFailure());

  private static boolean works(Known known) {
    return known.lastSuccess() != null
        && (known.lastFailure() == null || known.lastFailure().isBefore(known.lastSuccess()));
  }

  private void keep(Entry entry) {
    if (!entries.containsKey(entry.node()) && entries.size() >= MAX_PEERS) {
      entries.values().stream()
          .filter(old -> !old.manual())
          .max(MOST_RECENT)
          .ifPresent(old -> entries.remove(old.node()));
    }
    entries.put(entry.node(), entry);
    if (!entry.alias().isEmpty()) {
      aliases.put(entry.alias(), entry.node());
    }
    changed();
  }

  private void changed() {
    dirty = true;
    notifyAll();
  }

  private void writeChanges() {
    try {
      while (true) {
        synchronized (this) {
          while (!dirty && !closed) {
            wait();
          }
          if (closed) {
            return;
          }
          wait(GATHER.toMillis());
        }
        writeNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void writeNow() {
    List<Entry> all;
    synchronized (this) {
      if (!dirty) {
        return;
      }
      dirty = false;
      all = List.copyOf(entries.values());
    }
    if (file != null) {
      file.write(all);
    }
  }

  /** Writes what has changed. The book may not be used any more. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    if (writer != null) {
      try {
        writer.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      writeNow();
    }
  }
}

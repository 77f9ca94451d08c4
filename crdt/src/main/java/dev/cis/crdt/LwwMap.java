package dev.cis.crdt;

import dev.cis.kernel.identity.NodeId;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A map of which the latest write of each key wins; a removal is a write of nothing (a tombstone).
 * Immutable. Each change answers a delta: a map with that one entry, to be merged.
 *
 * @param <K> the key
 * @param <V> the value
 */
public final class LwwMap<K, V> {
  private final Map<K, LwwRegister<Optional<V>>> entries;

  private LwwMap(Map<K, LwwRegister<Optional<V>>> entries) {
    this.entries = entries;
  }

  /** A map without entries. */
  public static <K, V> LwwMap<K, V> empty() {
    return new LwwMap<>(Map.of());
  }

  /** The delta that writes a key. */
  public static <K, V> LwwMap<K, V> put(K key, V value, HybridTime time, NodeId author) {
    return new LwwMap<>(Map.of(key, new LwwRegister<>(Optional.of(value), time, author)));
  }

  /** The delta that removes a key. */
  public static <K, V> LwwMap<K, V> remove(K key, HybridTime time, NodeId author) {
    return new LwwMap<>(Map.of(key, new LwwRegister<>(Optional.empty(), time, author)));
  }

  /** The live value of a key. */
  public Optional<V> get(K key) {
    var entry = entries.get(key);
    return entry == null ? Optional.empty() : entry.value();
  }

  /** All entries, tombstones too; cannot be changed. */
  public Map<K, LwwRegister<Optional<V>>> entries() {
    return Collections.unmodifiableMap(entries);
  }

  /** Of each key the later write. */
  public LwwMap<K, V> merge(LwwMap<K, V> other) {
    var next = new HashMap<>(entries);
    other.entries.forEach((key, entry) -> next.merge(key, entry, LwwRegister::merge));
    return new LwwMap<>(next);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LwwMap<?, ?> that && entries.equals(that.entries);
  }

  @Override
  public int hashCode() {
    return entries.hashCode();
  }

  @Override
  public String toString() {
    return entries.toString();
  }
}

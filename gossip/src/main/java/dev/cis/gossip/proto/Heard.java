package dev.cis.gossip.proto;

import dev.cis.kernel.identity.NodeId;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What this node has heard: rumours while they are young, then only their ids, then only the
 * highest forgotten sequence number of each author. The sequence number says when a rumour was
 * published, so a rumour whose id was forgotten by age is too old to be accepted as well; the
 * highest forgotten number guards when ids are forgotten early, or a clock is set back.
 */
final class Heard {
  private static final int MAX_AUTHORS = 10_000;

  /** One rumour. */
  static final class Entry {
    final RumourId id;

    /** Null once it is too old to be passed on. */
    @Nullable Rumour rumour;

    final int hops;
    final long arrived;

    /** The slots of the neighbours that are known to have it. */
    final BitSet holders = new BitSet();

    /** When it is announced next. */
    long announceAt;

    /** The pause after that. */
    long pause;

    Entry(Rumour rumour, int hops, long arrived) {
      this.id = rumour.id();
      this.rumour = rumour;
      this.hops = hops;
      this.arrived = arrived;
    }
  }

  private final GossipBounds bounds;
  private final Map<RumourId, Entry> entries = new LinkedHashMap<>();
  private final ArrayDeque<Entry> withBody = new ArrayDeque<>();
  private final LinkedHashMap<NodeId, Long> forgotten = new LinkedHashMap<>();
  private final long bodyNanos;
  private final long idNanos;
  private final long ageMicros;
  private final long skewMicros;
  private long cachedBytes;

  Heard(GossipBounds bounds) {
    this.bounds = bounds;
    var age = bounds.lifetime().plus(bounds.clockSkew());
    this.bodyNanos = bounds.lifetime().toNanos();
    this.idNanos = age.plus(bounds.clockSkew()).toNanos();
    this.ageMicros = age.toNanos() / 1_000;
    this.skewMicros = bounds.clockSkew().toNanos() / 1_000;
  }

  @Nullable Entry find(RumourId id) {
    return entries.get(id);
  }

  /** Every rumour that can still be passed on, oldest first. */
  Collection<Entry> fresh() {
    return withBody;
  }

  /** Why a rumour that is not known is not acceptable either, or null if it is. */
  GossipOutput.@Nullable Reason objection(RumourId id, Instant wall) {
    long age = ChronoUnit.MICROS.between(Instant.EPOCH, wall) - id.sequence();
    if (age > ageMicros) {
      return GossipOutput.Reason.STALE;
    }
    if (age < -skewMicros) {
      return GossipOutput.Reason.FUTURE;
    }
    var highest = forgotten.get(id.author());
    return highest != null && id.sequence() <= highest ? GossipOutput.Reason.REPLAY : null;
  }

  /** Remembers a rumour, and forgets others for it if that is too much. */
  Entry add(Rumour rumour, int hops, long now) {
    var entry = new Entry(rumour, hops, now);
    entries.put(entry.id, entry);
    withBody.add(entry);
    cachedBytes += rumour.payload().size();
    while (cachedBytes > bounds.cachedBytes()) {
      dropBody();
    }
    while (entries.size() > bounds.rememberedIds()) {
      forgetOldest();
    }
    return entry;
  }

  /** Forgets what is too old. */
  void expire(long now) {
    while (!withBody.isEmpty() && now - withBody.element().arrived >= bodyNanos) {
      dropBody();
    }
    while (!entries.isEmpty() && now - oldest().arrived >= idNanos) {
      forgetOldest();
    }
  }

  /** When {@link #expire} has something to do next; {@code Long.MAX_VALUE} if never. */
  long expiresAt() {
    if (!withBody.isEmpty()) {
      return withBody.element().arrived + bodyNanos;
    }
    return entries.isEmpty() ? Long.MAX_VALUE : oldest().arrived + idNanos;
  }

  int size() {
    return entries.size();
  }

  private Entry oldest() {
    return entries.values().iterator().next();
  }

  private void dropBody() {
    var entry = withBody.remove();
    var rumour = entry.rumour;
    entry.rumour = null;
    if (rumour != null) {
      cachedBytes -= rumour.payload().size();
    }
  }

  private void forgetOldest() {
    var entry = oldest();
    if (entry.rumour != null) {
      dropBody(); // bodies go in the order of arrival too, so this is the first of them
    }
    entries.remove(entry.id);
    var author = entry.id.author();
    var before = forgotten.remove(author); // so that the order is that of the last change
    if (forgotten.size() >= MAX_AUTHORS) {
      forgotten.pollFirstEntry();
    }
    forgotten.put(author, Math.max(entry.id.sequence(), before == null ? 0 : before));
  }
}

package dev.cis.sync.proto;

import dev.cis.crdt.Dot;
import dev.cis.crdt.HybridClock;
import dev.cis.crdt.VersionVector;
import dev.cis.kernel.time.Now;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Decides about entries from others and hands the good ones to the store. */
final class Intake {
  private static final int MAX_POSTPONED = 1024;

  /** What became of a batch: how many were news, and whether none was forged. */
  record Taken(int news, boolean genuine) {}

  private final String realm;
  private final EntryStore store;
  private final Signatures signatures;
  private final Admission admission;
  private final Map<Dot, Instant> postponed = new LinkedHashMap<>();
  private long refused;

  Intake(String realm, EntryStore store, Signatures signatures, Admission admission) {
    this.realm = realm;
    this.store = store;
    this.signatures = signatures;
    this.admission = admission;
  }

  /** The dots that peers need not send us now. */
  VersionVector told(Now now) {
    postponed.values().removeIf(until -> !now.wall().isBefore(until));
    var told = store.seen();
    for (var dot : postponed.keySet()) {
      told = told.with(dot);
    }
    return told;
  }

  long refused() {
    return refused;
  }

  /**
   * Takes entries and, when none of them and none before was forged, the coverage.
   *
   * @param again whether to look at entries that were seen before, too
   */
  Taken take(
      Now now,
      List<Entry> entries,
      VersionVector coverage,
      boolean again,
      Consumer<SyncOutput> out) {
    var admitted = new ArrayList<Entry>(entries.size());
    var withheld = new ArrayList<Dot>();
    boolean genuine = true;
    var seen = store.seen();
    for (var entry : entries) {
      if (!again && seen.contains(entry.dot())) {
        continue;
      }
      if (!signatures.isGenuine(entry)) {
        genuine = false;
        decline(entry, "its signature is wrong", out);
        continue;
      }
      var why = refusal(entry.body());
      if (why != null) {
        withheld.add(entry.dot());
        decline(entry, why, out);
      } else if (!HybridClock.isAhead(entry.body().time(), now.wall())) {
        admitted.add(entry);
      } else if (!postpone(entry, out)) {
        withheld.add(entry.dot());
      }
    }
    boolean covered = genuine && !store.seen().containsAll(coverage);
    if (admitted.isEmpty() && withheld.isEmpty() && !covered) {
      return new Taken(0, genuine);
    }
    var changes =
        new EntryStore.Changes(admitted, withheld, covered ? coverage : VersionVector.EMPTY);
    return new Taken(store.commit(changes, now.wall()), genuine);
  }

  private @org.jspecify.annotations.Nullable String refusal(EntryBody body) {
    if (!body.realm().equals(realm)) {
      return "it belongs to another realm";
    }
    if (!body.type().equals(EntryBody.REGISTER)) {
      return "this version does not know values of type '" + body.type() + "'";
    }
    return admission.refuse(body);
  }

  private boolean postpone(Entry entry, Consumer<SyncOutput> out) {
    if (postponed.containsKey(entry.dot())) {
      return true;
    }
    var until = entry.body().time().instant().minus(HybridClock.MAX_AHEAD);
    decline(entry, "its time lies in the future; it will be asked for again at " + until, out);
    if (postponed.size() >= MAX_POSTPONED) {
      return false;
    }
    postponed.put(entry.dot(), until);
    return true;
  }

  private void decline(Entry entry, String why, Consumer<SyncOutput> out) {
    refused++;
    out.accept(new SyncOutput.Declined(entry.dot(), entry.body().key(), why));
  }
}

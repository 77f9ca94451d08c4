package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.PeerRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a lookup has found of what it looks for: the newest of each. */
final class Findings {
  private final NodeId target;
  private final Lookup.Kind kind;
  private final Map<NodeId, Item.Provider> providers = new HashMap<>();
  private @Nullable Signed<PeerRecord> peer;
  private @Nullable Item value;

  Findings(NodeId target, Lookup.Kind kind) {
    this.target = target;
    this.kind = kind;
  }

  /** The record of the node at the target. */
  @Nullable Signed<PeerRecord> peer() {
    return peer;
  }

  /** The value at the target. */
  @Nullable Item value() {
    return value;
  }

  /** Who provides the target, latest first. */
  List<Item.Provider> providers() {
    return providers.values().stream()
        .sorted((a, b) -> Long.compare(ItemStore.sequence(b), ItemStore.sequence(a)))
        .toList();
  }

  /** Whether nobody else needs to be asked. */
  boolean isEnough() {
    return switch (kind) {
      // Its own words are the answer; asking it would only tell that it can be reached.
      case FIND_PEER -> peer != null;
      case VALUE -> value instanceof Item.Immutable;
      case PROVIDERS, FIND_CLOSEST, STORE, SELF, REFRESH -> false;
    };
  }

  /** Whether something is found, though others may know something newer. */
  boolean isAny() {
    return peer != null || value != null || !providers.isEmpty();
  }

  /** Takes what an answer has; whether something of it was news. */
  boolean take(List<Signed<PeerRecord>> records, List<Item> items) {
    boolean news = false;
    if (kind == Lookup.Kind.FIND_PEER) {
      for (var record : records) {
        news |= takePeer(record);
      }
    }
    for (var item : items) {
      news |=
          switch (item) {
            case Item.Peer(var record) -> kind == Lookup.Kind.FIND_PEER && takePeer(record);
            case Item.Provider provider -> takeProvider(provider);
            case Item.Mutable _, Item.Immutable _ -> takeValue(item);
          };
    }
    return news;
  }

  private boolean takePeer(Signed<PeerRecord> record) {
    if (!record.value().node().equals(target)
        || (peer != null && record.value().sequence() <= peer.value().sequence())) {
      return false;
    }
    peer = record;
    return true;
  }

  private boolean takeProvider(Item.Provider provider) {
    var known = providers.get(provider.node());
    if (known != null && ItemStore.sequence(known) >= ItemStore.sequence(provider)) {
      return false;
    }
    providers.put(provider.node(), provider);
    return true;
  }

  private boolean takeValue(Item item) {
    if (value != null && ItemStore.sequence(value) >= ItemStore.sequence(item)) {
      return false;
    }
    value = item;
    return true;
  }
}

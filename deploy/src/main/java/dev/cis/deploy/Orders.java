package dev.cis.deploy;

import dev.cis.deploy.proto.DeployOrder;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sync.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The orders in the memory. */
final class Orders {
  private static final Logger LOG = LoggerFactory.getLogger(Orders.class);
  private static final int PAGE = 500;
  private static final int MOST = 10_000;

  private final Memory memory;

  Orders(Memory memory) {
    this.memory = memory;
    memory.guard(
        DeployOrder.PREFIX,
        (key, value, author, deleted) ->
            DeployOrder.refusal(key, value.toByteArray(), deleted).orElse(null));
  }

  /** An order and the node that wrote it into the memory. */
  record Found(Signed<DeployOrder> signed, NodeId author) {}

  void put(Signed<DeployOrder> signed) {
    var key = DeployOrder.key(signed.signer(), signed.value().app());
    var value = Bytes.of(DeployOrder.SIGNED.encode(signed));
    memory.put(Memory.Domain.PUBLIC, "deploy", key, value, null);
  }

  List<Found> all() {
    var found = new ArrayList<Found>();
    var after = "";
    while (found.size() < MOST) {
      var page = memory.list(Memory.Domain.PUBLIC, DeployOrder.PREFIX, after, PAGE);
      page.forEach(item -> read(item).ifPresent(found::add));
      if (page.size() < PAGE) {
        break;
      }
      after = page.getLast().key();
    }
    return found;
  }

  List<Found> of(String app) {
    return all().stream().filter(found -> found.signed().value().app().equals(app)).toList();
  }

  Memory.Watch watch(Consumer<Found> watcher) {
    return memory.watch(
        Memory.Domain.PUBLIC, DeployOrder.PREFIX, item -> read(item).ifPresent(watcher));
  }

  private static Optional<Found> read(Memory.Item item) {
    var bytes = item.value().toByteArray();
    try {
      // Looked at again here: the memory may hold what an older version of the guard let in.
      var refusal = DeployOrder.refusal(item.key(), bytes, item.deleted());
      if (refusal.isPresent()) {
        return Optional.empty();
      }
      return Optional.of(new Found(DeployOrder.SIGNED.decode(bytes), item.author()));
    } catch (Fault fault) {
      LOG.warn("event=order-unreadable key={} reason=\"{}\"", item.key(), fault.getMessage());
      return Optional.empty();
    }
  }
}

package dev.cis.api;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import dev.cis.node.Node;
import dev.cis.sync.Embedding;
import dev.cis.sync.Memory;
import dev.cis.sync.Memory.Domain;
import dev.cis.sync.Sync;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Requests about the memory and its replication. */
final class MemoryRequests {
  private static final Duration EXCHANGE = Duration.ofSeconds(60);
  private static final String DEFAULT_CATEGORY = "general";

  private final Node node;
  private final NodeNames names;

  MemoryRequests(Node node, NodeNames names) {
    this.node = node;
    this.names = names;
  }

  private static Domain domain(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "public" -> Domain.PUBLIC;
      case "private" -> Domain.PRIVATE;
      default ->
          throw new Fault(ApiCode.MALFORMED, "the domain is public or private, not '" + text + "'");
    };
  }

  Result set(Request.MemorySet request) {
    var item =
        node.memory()
            .put(
                domain(request.domain()),
                request.category() == null ? DEFAULT_CATEGORY : request.category(),
                request.key(),
                value(request),
                embedding(request.vector()));
    return item(item);
  }

  private static Bytes value(Request.MemorySet request) {
    if (!request.base64()) {
      return Bytes.utf8(request.value());
    }
    try {
      return Bytes.of(Base64.getDecoder().decode(request.value()));
    } catch (IllegalArgumentException e) {
      throw new Fault(ApiCode.MALFORMED, "'value' is not base64: " + e.getMessage(), e);
    }
  }

  private static @Nullable Embedding embedding(@Nullable List<Double> vector) {
    if (vector == null) {
      return null;
    }
    if (vector.isEmpty() || vector.size() > Memory.MAX_VECTOR) {
      throw new Fault(
          ApiCode.MALFORMED,
          "a vector has 1 to " + Memory.MAX_VECTOR + " components, not " + vector.size());
    }
    var components = new float[vector.size()];
    for (int i = 0; i < components.length; i++) {
      components[i] = vector.get(i).floatValue();
    }
    return Embedding.of(components);
  }

  Result get(Request.MemoryGet request) {
    return item(
        node.memory()
            .get(domain(request.domain()), request.key())
            .orElseThrow(() -> none(request.key())));
  }

  Result delete(Request.MemoryDelete request) {
    return item(
        node.memory()
            .delete(domain(request.domain()), request.key())
            .orElseThrow(() -> none(request.key())));
  }

  private static Fault none(String key) {
    return new Fault(ApiCode.NO_SUCH_KEY, "there is nothing under '" + key + "'");
  }

  /** A page; entries that would make the answer too large wait for the next one. */
  Result list(Request.MemoryList request) {
    var page =
        node.memory()
            .list(
                domain(request.domain()),
                request.prefix() == null ? "" : request.prefix(),
                request.after() == null ? "" : request.after(),
                request.limit() + 1);
    var items = new ArrayList<Result.Item>();
    long bytes = 0;
    boolean more = page.size() > request.limit();
    for (var item : page.subList(0, Math.min(page.size(), request.limit()))) {
      bytes += 2L * item.value().size() + 16L * size(item.vector()) + 2048;
      if (bytes > Frames.MAX_JSON && !items.isEmpty()) {
        more = true;
        break;
      }
      if (request.category() == null || request.category().equals(item.category())) {
        items.add(item(item));
      }
    }
    return new Result.Items(items, more);
  }

  private static int size(@Nullable Embedding vector) {
    return vector == null ? 0 : vector.components().length;
  }

  Result watch(Request.MemoryWatch request, Call call) throws InterruptedException {
    try (var _ =
        node.memory()
            .watch(
                domain(request.domain()),
                request.prefix() == null ? "" : request.prefix(),
                item -> call.item(item(item)))) {
      call.awaitClose();
    }
    return new Result.Done("no longer watching");
  }

  private Result.Item item(Memory.Item item) {
    var text = Payload.text(item.value());
    var clock = new LinkedHashMap<String, Long>();
    item.clock().forEach((author, count) -> clock.put(author.toString(), count));
    return new Result.Item(
        item.domain().name().toLowerCase(Locale.ROOT),
        item.category(),
        item.key(),
        text,
        text == null ? Payload.base64(item.value()) : null,
        vector(item.vector()),
        item.author().toString(),
        names.of(item.author()),
        item.sequence(),
        item.written(),
        clock,
        item.deleted());
  }

  private static @Nullable List<Double> vector(@Nullable Embedding vector) {
    if (vector == null) {
      return null;
    }
    var list = new ArrayList<Double>();
    for (float component : vector.components()) {
      list.add(Double.valueOf(Float.toString(component)));
    }
    return list;
  }

  Result sync(Request.Sync request) {
    if (request.node() == null) {
      return new Result.Exchanges(
          node.sync().withAll(request.full(), EXCHANGE).stream().map(this::exchange).toList());
    }
    var peer = names.findPeer(request.node());
    return new Result.Exchanges(
        List.of(exchange(node.sync().with(peer, request.full(), EXCHANGE))));
  }

  private Result.Exchange exchange(Sync.Exchange e) {
    return new Result.Exchange(
        e.peer().toString(),
        names.of(e.peer()),
        e.received(),
        e.sent(),
        e.bytesReceived(),
        e.bytesSent(),
        e.took().toNanos() / 1e6,
        e.full(),
        e.failure());
  }

  Result status() {
    var s = node.sync().status();
    return new Result.SyncState(
        s.live(),
        s.tombstones(),
        s.conflicts(),
        s.refused(),
        s.peers().stream()
            .map(p ->
                new Result.PeerSync(
                    p.peer().toString(),
                    names.of(p.peer()),
                    p.lastExchange(),
                    p.behind(),
                    p.last() == null ? null : p.last().failure()))
            .toList());
  }
}

package dev.cis.blobs;

import dev.cis.blobs.BlobMessage.Answer;
import dev.cis.blobs.BlobMessage.Outcome;
import dev.cis.blobs.BlobMessage.Request;
import dev.cis.blobs.BlobMessage.Wish;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One blob on its way here, for however many wait for it. Sources are asked one after another. A
 * chunk list is only believed as far as it leads to the digest: sources with another list wait
 * until the first list has failed, and the source of a list that leads elsewhere is dropped.
 */
final class Transfer {
  private static final Logger LOG = LoggerFactory.getLogger(Transfer.class);

  /** Requests under way, so that the line is not idle while a request travels. */
  private static final int WINDOW = 4;

  private final BlobStore store;
  private final Swarm swarm;
  private final BlobsConfig config;
  private final Digest digest;
  private final long size;
  private final CompletableFuture<Path> result = new CompletableFuture<>();
  private final List<Blobs.Progress> listeners = new CopyOnWriteArrayList<>();
  private final Set<NodeId> known = new HashSet<>();
  private final ArrayDeque<NodeId> waiting = new ArrayDeque<>();
  private final List<NodeId> withOtherList = new ArrayList<>();
  private final Map<NodeId, String> failures = new LinkedHashMap<>();
  private @Nullable Partial partial;
  private @Nullable NodeId listOwner;
  private volatile @Nullable Stream current;
  private volatile boolean cancelled;
  private int users;

  Transfer(BlobStore store, Swarm swarm, BlobsConfig config, Digest digest, long size) {
    this.store = store;
    this.swarm = swarm;
    this.config = config;
    this.digest = digest;
    this.size = size;
  }

  /** A source that did what no honest source does. */
  private static final class Lie extends Exception {
    private static final long serialVersionUID = 1;

    Lie(String what) {
      super(what);
    }
  }

  CompletableFuture<Path> result() {
    return result;
  }

  long size() {
    return size;
  }

  /** One more waits for it and knows further sources; false when it is already ending. */
  synchronized boolean join(Collection<NodeId> sources, Blobs.Progress progress) {
    if (cancelled || result.isDone()) {
      return false;
    }
    users++;
    listeners.add(progress);
    for (var source : sources) {
      if (!source.equals(swarm.self()) && known.add(source)) {
        waiting.add(source);
      }
    }
    return true;
  }

  /** One waits no more; without anyone it is broken off, what is here stays for the next. */
  void leave(Blobs.Progress progress) {
    listeners.remove(progress);
    boolean last;
    synchronized (this) {
      last = --users == 0;
    }
    if (last) {
      cancel();
    }
  }

  void cancel() {
    cancelled = true;
    var stream = current;
    if (stream != null && !result.isDone()) {
      stream.reset(Kind.UNREACHABLE);
    }
  }

  /**
   * Does it all; {@code ended} is called when nothing more happens and before anyone hears of it.
   */
  void run(Runnable ended) {
    Path file = null;
    RuntimeException failure = null;
    try {
      file = fetch();
    } catch (RuntimeException e) {
      failure = e;
    } finally {
      closePartial();
      ended.run();
    }
    if (failure == null) {
      result.complete(file);
    } else {
      result.completeExceptionally(failure);
    }
  }

  private Path fetch() {
    BlobStore.readList(store.partialList(digest), digest)
        .filter(list -> list.size() == size)
        .ifPresent(list -> partial = Partial.open(store, list));
    while (!cancelled) {
      if (isComplete() && publish()) {
        return store.blob(digest);
      }
      var source = next();
      if (source == null) {
        throw unavailable();
      }
      ask(source);
    }
    throw new Fault(BlobsCode.CLOSED, "the transfer of " + digest + " was broken off");
  }

  private boolean isComplete() {
    return partial != null && partial.isComplete();
  }

  private boolean publish() {
    var complete = partial;
    if (complete != null && complete.publish()) {
      return true;
    }
    // Every chunk fits the list and yet the whole is another: the list is a lie.
    var owner = listOwner;
    LOG.warn("event=blob-list-false digest={} source={}", digest, owner);
    closePartial();
    store.dropPartial(digest);
    synchronized (this) {
      if (owner != null) {
        failures.put(owner, "its chunk list does not lead to the digest");
        waiting.remove(owner);
      }
      // Sources that went along with that list may be honest victims of a list from disk only.
      known.stream()
          .filter(node -> !failures.containsKey(node) && !waiting.contains(node))
          .filter(node -> !withOtherList.contains(node))
          .forEach(waiting::add);
    }
    return false;
  }

  private synchronized @Nullable NodeId next() {
    if (waiting.isEmpty() && !withOtherList.isEmpty()) {
      closePartial(); // the data stays: chunks that fit the next list as well are kept
      waiting.addAll(withOtherList);
      withOtherList.clear();
    }
    return waiting.poll();
  }

  private void closePartial() {
    if (partial != null) {
      partial.close();
      partial = null;
    }
    listOwner = null;
  }

  private void ask(NodeId source) {
    long before = partial == null ? 0 : partial.bytesHere();
    try (var stream = swarm.open(source, BlobMessage.PROTOCOL, config.answerWithin())) {
      current = stream;
      if (agree(stream, source)) {
        pull(stream, source);
        stream.finish();
      }
    } catch (Lie e) {
      drop(source, String.valueOf(e.getMessage()));
    } catch (Fault e) {
      if (e.code() instanceof BlobsCode) {
        throw e; // our own disk, not the source
      }
      long progress = partial == null ? 0 : partial.bytesHere() - before;
      synchronized (this) {
        if (progress > 0 && !cancelled) {
          waiting.add(source); // it did deliver; once more when the others had their turn
          return;
        }
      }
      drop(source, BlobServer.reason(e));
    } finally {
      current = null;
    }
  }

  private void drop(NodeId source, String why) {
    LOG.info("event=blob-source-dropped digest={} source={} reason=\"{}\"", digest, source, why);
    synchronized (this) {
      failures.put(source, why);
    }
  }

  /** Settles on a chunk list; false when this source cannot go along with the one in use. */
  private boolean agree(Stream stream, NodeId source) throws Lie {
    var have = call(stream, new Request(Wish.HAVE, digest, 0, 0));
    if (have.outcome() != Outcome.OK) {
      drop(source, describe(have.outcome()));
      return false;
    }
    if (have.size() != size) {
      throw new Lie("it says the blob has " + have.size() + " bytes, not " + size);
    }
    if (partial != null) {
      if (have.listId().filter(partial.list().id()::equals).isPresent()) {
        return true;
      }
      synchronized (this) {
        withOtherList.add(source);
      }
      return false;
    }
    var list = call(stream, new Request(Wish.MANIFEST, digest, 0, 0)).list().orElse(null);
    if (list == null || !list.digest().equals(digest) || list.size() != size) {
      throw new Lie("its chunk list is of another blob");
    }
    partial = Partial.open(store, list);
    listOwner = source;
    return true;
  }

  private static String describe(Outcome outcome) {
    return switch (outcome) {
      case ABSENT -> "it does not have the blob";
      case BUSY -> "it is busy";
      case CORRUPT -> "its copy is damaged";
      case OK -> "it has the blob";
    };
  }

  private Answer call(Stream stream, Request request) throws Lie {
    stream.deadline(config.answerWithin());
    stream.send(Request.CODEC.encode(request));
    return answer(stream);
  }

  private Answer answer(Stream stream) throws Lie {
    byte[] message = stream.receive(BlobMessage.MAX_ANSWER);
    if (message == null) {
      throw new Lie("it ended the stream without an answer");
    }
    try {
      return Answer.CODEC.decode(message);
    } catch (Fault e) {
      throw new Lie("its answer is malformed: " + e.getMessage());
    }
  }

  private record Run(int first, int end) {}

  private void pull(Stream stream, NodeId source) throws Lie {
    var to = partial;
    if (to == null) {
      return;
    }
    var asked = new ArrayDeque<Run>();
    int next = to.nextMissing(0);
    while (!cancelled) {
      while (asked.size() < WINDOW && next < to.list().chunks().size()) {
        var run = new Run(next, to.endOfRun(next, BlobMessage.MAX_RANGE));
        long offset = to.offset(run.first);
        int length = (int) (to.offset(run.end) - offset);
        stream.deadline(config.answerWithin());
        stream.send(Request.CODEC.encode(new Request(Wish.CHUNKS, digest, offset, length)));
        asked.add(run);
        next = to.nextMissing(run.end);
      }
      var run = asked.poll();
      if (run == null) {
        return;
      }
      take(stream, to, run, source);
    }
  }

  private void take(Stream stream, Partial to, Run run, NodeId source) throws Lie {
    stream.deadline(config.answerWithin());
    var answer = answer(stream);
    int expected = (int) (to.offset(run.end) - to.offset(run.first));
    if (answer.outcome() != Outcome.OK) {
      throw new Lie(describe(answer.outcome()));
    }
    if (answer.length() != expected) {
      throw new Lie("it sent " + answer.length() + " bytes where " + expected + " were asked for");
    }
    for (int i = run.first; i < run.end; i++) {
      var bytes = new byte[to.list().chunks().get(i).length()];
      var buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        if (stream.read(buffer) < 0) {
          throw new Lie("it ended the stream in the middle of a chunk");
        }
      }
      if (!to.isGood(i, bytes)) {
        throw new Lie("chunk " + i + " is not what its digest says");
      }
      to.write(i, bytes);
      tell(to.bytesHere(), source);
    }
  }

  private void tell(long done, NodeId source) {
    for (var listener : listeners) {
      try {
        listener.at(done, size, source);
      } catch (RuntimeException e) {
        LOG.warn("event=blob-progress-listener-failed", e);
      }
    }
  }

  private synchronized Fault unavailable() {
    var reasons = new StringBuilder();
    failures.forEach(
        (node, why) -> reasons.append("; ").append(node.brief()).append(": ").append(why));
    return new Fault(
        BlobsCode.UNAVAILABLE,
        "no source could deliver "
            + digest
            + (failures.isEmpty() ? ": no source is known" : reasons.toString()));
  }
}

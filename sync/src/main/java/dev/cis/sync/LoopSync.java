package dev.cis.sync;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.sync.proto.SyncInput;
import dev.cis.sync.proto.SyncMachine;
import dev.cis.sync.proto.SyncOutput;
import dev.cis.transport.PeerLink;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Asks the machine for exchanges and remembers how they went. */
final class LoopSync implements Sync {
  private static final int MAX_PEERS = 1024;
  private static final Duration INSPECT = Duration.ofSeconds(10);

  private record Last(@Nullable Instant complete, Exchange exchange) {}

  private record Asked(long ticket, CompletableFuture<Exchange> future) {}

  private final Swarm swarm;
  private final SqliteStore store;
  private final SyncMachine machine;
  private final Supplier<Now> clock;
  private final AtomicLong tickets = new AtomicLong();
  private final Map<Long, CompletableFuture<Exchange>> waiting = new ConcurrentHashMap<>();
  private final Map<NodeId, Last> lasts = new LinkedHashMap<>();
  private volatile @Nullable Loop<SyncInput, SyncOutput> loop;

  LoopSync(Swarm swarm, SqliteStore store, SyncMachine machine, Supplier<Now> clock) {
    this.swarm = swarm;
    this.store = store;
    this.machine = machine;
    this.clock = clock;
  }

  void attach(Loop<SyncInput, SyncOutput> loop) {
    this.loop = loop;
  }

  /** Called on the loop's thread. */
  void finished(SyncOutput.Finished finished, Exchanges.Traffic traffic) {
    var exchange =
        new Exchange(
            finished.peer(),
            finished.received(),
            finished.sent(),
            traffic.received(),
            traffic.sent(),
            finished.took(),
            finished.full(),
            finished.failure());
    synchronized (lasts) {
      var before = lasts.remove(finished.peer());
      var complete =
          finished.failure() == null
              ? clock.get().wall()
              : before == null ? null : before.complete();
      lasts.put(finished.peer(), new Last(complete, exchange));
      if (lasts.size() > MAX_PEERS) {
        lasts.remove(lasts.keySet().iterator().next());
      }
    }
    for (long ticket : finished.tickets()) {
      var future = waiting.remove(ticket);
      if (future != null) {
        future.complete(exchange);
      }
    }
  }

  @Override
  public Exchange with(NodeId peer, boolean full, Duration within) {
    return await(start(peer, full), peer, full, within);
  }

  @Override
  public List<Exchange> withAll(boolean full, Duration within) {
    var started = new LinkedHashMap<NodeId, Asked>();
    swarm.members().forEach(link -> started.put(link.peer(), start(link.peer(), full)));
    long until = System.nanoTime() + within.toNanos();
    var exchanges = new ArrayList<Exchange>();
    started.forEach((peer, asked) -> {
      var left = Duration.ofNanos(Math.max(0, until - System.nanoTime()));
      exchanges.add(await(asked, peer, full, left));
    });
    return exchanges;
  }

  private Asked start(NodeId peer, boolean full) {
    long ticket = tickets.incrementAndGet();
    var future = new CompletableFuture<Exchange>();
    waiting.put(ticket, future);

    var to = loop;
    try {
      if (to != null) {
        to.put(new SyncInput.Start(peer, full, ticket));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new Asked(ticket, future);
  }

  private Exchange await(Asked asked, NodeId peer, boolean full, Duration within) {
    try {
      return asked.future.get(within.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed(peer, full, within, "interrupted");
    } catch (TimeoutException e) {
      return failed(peer, full, within, "not done within " + within.toMillis() + " ms; it goes on");
    } catch (ExecutionException | java.util.concurrent.CancellationException e) {
      return failed(peer, full, within, "the memory is closing");
    } finally {
      waiting.remove(asked.ticket);
    }
  }

  private static Exchange failed(NodeId peer, boolean full, Duration took, String why) {
    return new Exchange(peer, 0, 0, 0, 0, took, full, why);
  }

  @Override
  public Status status() {
    var counts = store.counts();
    var peers = new LinkedHashMap<NodeId, Last>();
    synchronized (lasts) {
      peers.putAll(lasts);
    }
    var ids = new java.util.TreeSet<>(peers.keySet());
    swarm.members().stream().map(PeerLink::peer).forEach(ids::add);
    return inspect(() ->
        new Status(
            counts[0],
            counts[1],
            counts[2],
            machine.refused(),
            ids.stream().map(id -> status(id, peers.get(id))).toList()));
  }

  private PeerStatus status(NodeId peer, @Nullable Last last) {
    return new PeerStatus(
        peer,
        last == null ? null : last.complete(),
        last == null ? null : last.exchange(),
        machine.behind(peer));
  }

  private Status inspect(Supplier<Status> question) {
    var answer = new CompletableFuture<Status>();
    var to = loop;
    try {
      if (to != null) {
        to.inspect(() -> answer.complete(question.get()));
      }
      return answer.get(INSPECT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new dev.cis.kernel.fault.Fault(SyncCode.CLOSED, "interrupted", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new dev.cis.kernel.fault.Fault(SyncCode.CLOSED, "the memory does not answer", e);
    }
  }

  /** Lets those who wait for an exchange go. */
  @Override
  public void close() {
    var stopped = new java.util.concurrent.CancellationException("the memory is closing");
    waiting.values().forEach(future -> future.completeExceptionally(stopped));
  }
}

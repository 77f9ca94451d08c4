package dev.cis.dht;

import dev.cis.dht.proto.DhtInput;
import dev.cis.dht.proto.DhtOutput;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Loop;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** What callers wait for: each gives the machine a task and gets its result. Thread-safe. */
final class Tasks {
  private final ConcurrentHashMap<Long, CompletableFuture<DhtOutput>> waiting =
      new ConcurrentHashMap<>();
  private final AtomicLong last = new AtomicLong();
  private final int most;
  private volatile @Nullable Loop<DhtInput, DhtOutput> loop;
  private volatile boolean closed;

  /** {@code most} is what the machine takes at once, for the message. */
  Tasks(int most) {
    this.most = most;
  }

  void open(Loop<DhtInput, DhtOutput> runs) {
    loop = runs;
  }

  /** Gives the machine a task and waits for its end; empty when that takes too long. */
  Optional<DhtOutput> run(LongFunction<DhtInput> task, Duration within) {
    var machine = loop;
    if (closed || machine == null) {
      throw stopping();
    }
    long id = last.incrementAndGet();
    var future = new CompletableFuture<DhtOutput>();
    waiting.put(id, future);
    try {
      machine.put(task.apply(id));
      var result = future.get(within.toNanos(), TimeUnit.NANOSECONDS);
      if (result instanceof DhtOutput.LookupRefused) {
        throw new Fault(DhtCode.BUSY, most + " lookups run already; try again");
      }
      return Optional.of(result);
    } catch (TimeoutException e) {
      boolean _ = machine.offer(new DhtInput.Cancel(id));
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      boolean _ = machine.offer(new DhtInput.Cancel(id));
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new Fault(DhtCode.CLOSED, "this node is stopping", e);
    } finally {
      waiting.remove(id);
    }
  }

  void complete(long task, DhtOutput result) {
    var future = waiting.remove(task);
    if (future != null) {
      future.complete(result);
    }
  }

  static Fault stopping() {
    return new Fault(DhtCode.CLOSED, "this node is stopping");
  }

  /** Whoever waits is told that nothing comes any more. */
  void close() {
    closed = true;
    waiting.values().forEach(future -> future.completeExceptionally(stopping()));
  }
}

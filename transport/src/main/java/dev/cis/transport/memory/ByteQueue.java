package dev.cis.transport.memory;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.transport.Pipe;
import dev.cis.transport.TransportCode;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One direction of a pipe: at most so many bytes wait to be read. */
final class ByteQueue {
  private final int window;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<ByteBuffer> chunks = new ArrayDeque<>();
  private int waiting;
  private boolean ended;
  private boolean unwanted;
  private @Nullable Fault broken;
  private @Nullable Kind brokenFor;
  private @Nullable Runnable reader;
  private @Nullable Runnable writer;

  ByteQueue(int window) {
    this.window = window;
  }

  /** Tells this one, if any, when something changes for the reader. */
  void watchReading(@Nullable Runnable who) {
    lock.lock();
    try {
      reader = who;
    } finally {
      lock.unlock();
    }
  }

  /** The same for the writer. */
  void watchWriting(@Nullable Runnable who) {
    lock.lock();
    try {
      writer = who;
    } finally {
      lock.unlock();
    }
  }

  private void tell() {
    changed.signalAll();
    if (reader != null) {
      reader.run();
    }
    if (writer != null) {
      writer.run();
    }
  }

  /** Takes as many of the bytes as there is room for. */
  void offer(ByteBuffer bytes) {
    lock.lock();
    try {
      check();
      if (unwanted) {
        throw new Fault(TransportCode.STREAM_RESET, "the peer has stopped reading");
      }
      append(bytes);
    } finally {
      lock.unlock();
    }
  }

  /** Nothing will follow. */
  void offerEnd() {
    lock.lock();
    try {
      if (!unwanted) {
        check();
        ended = true;
        tell();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Reads what is there: how many bytes, -1 at the end. */
  int poll(ByteBuffer into) {
    lock.lock();
    try {
      if (chunks.isEmpty()) {
        check();
        return ended ? -1 : 0;
      }
      return taken(into);
    } finally {
      lock.unlock();
    }
  }

  private boolean append(ByteBuffer bytes) {
    int size = Math.min(bytes.remaining(), window - waiting);
    if (size <= 0) {
      return false;
    }
    var chunk = new byte[size];
    bytes.get(chunk);
    chunks.add(ByteBuffer.wrap(chunk));
    waiting += size;
    tell();
    return true;
  }

  private int taken(ByteBuffer into) {
    int before = into.remaining();
    while (into.hasRemaining() && !chunks.isEmpty()) {
      var chunk = chunks.element();
      int size = Math.min(chunk.remaining(), into.remaining());
      into.put(chunk.slice(chunk.position(), size));
      chunk.position(chunk.position() + size);
      if (!chunk.hasRemaining()) {
        chunks.remove();
      }
    }
    waiting -= before - into.remaining();
    tell();
    return before - into.remaining();
  }

  /** Whether the other end broke it for this reason. */
  boolean isBrokenFor(Kind kind) {
    lock.lock();
    try {
      return brokenFor == kind;
    } finally {
      lock.unlock();
    }
  }

  void write(ByteBuffer bytes, boolean end, long waitNanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = waitNanos;
      while (bytes.hasRemaining()) {
        check();
        if (unwanted) {
          throw new Fault(TransportCode.STREAM_RESET, "the peer has stopped reading");
        }
        if (!append(bytes)) {
          left = await(left);
        }
      }
      if (end && !unwanted) {
        check();
        ended = true;
        tell();
      }
    } finally {
      lock.unlock();
    }
  }

  int read(ByteBuffer into, long waitNanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = waitNanos;
      while (chunks.isEmpty()) {
        check();
        if (ended) {
          return -1;
        }
        left = await(left);
      }
      return taken(into);
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the callers loop
  private long await(long left) throws InterruptedException {
    if (left <= 0) {
      throw new Fault(TransportCode.STREAM_TIMEOUT, "the peer did not answer before the deadline");
    }
    if (left == Pipe.FOREVER) {
      changed.await();
      return left;
    }
    return changed.awaitNanos(left);
  }

  private void check() {
    if (broken != null) {
      // The same words, with the stack of who hears them.
      throw new Fault(broken.code(), String.valueOf(broken.getMessage()));
    }
  }

  /** Breaks the queue; what waits in it is dropped. Harmless when all was read. */
  void fail(Fault why, @Nullable Kind kind) {
    lock.lock();
    try {
      if (broken == null) {
        brokenFor = kind;
        broken = why;
        if (!ended || !chunks.isEmpty()) {
          chunks.clear();
          ended = false;
        }
        tell();
      }
    } finally {
      lock.unlock();
    }
  }

  /** What broke the queue, null while it works. */
  @Nullable Fault broken() {
    lock.lock();
    try {
      return broken;
    } finally {
      lock.unlock();
    }
  }

  /** The reader wants no more. */
  void refuse(Kind why) {
    lock.lock();
    try {
      unwanted = true;
      chunks.clear();
      waiting = 0;
      tell();
    } finally {
      lock.unlock();
    }
  }

  /** Whether everything was written and read, or nobody will read it. */
  boolean isOver() {
    lock.lock();
    try {
      return broken != null || unwanted || (ended && chunks.isEmpty());
    } finally {
      lock.unlock();
    }
  }
}

package dev.cis.gossip;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frames on their way to one peer: a bounded queue, and one virtual thread that sends them over one
 * stream, which is opened with the first frame and again after it broke.
 */
final class Outbox implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);
  private static final Duration OPENING = Duration.ofSeconds(10);
  private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(10);

  private final Swarm swarm;
  private final NodeId peer;
  private final int maxFrames;
  private final int maxBytes;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<byte[]> frames = new ArrayDeque<>();
  private int bytes;
  private boolean closed;
  private volatile @Nullable Stream stream;

  private Outbox(Swarm swarm, NodeId peer, GossipConfig config) {
    this.swarm = swarm;
    this.peer = peer;
    this.maxFrames = config.sendFrames();
    this.maxBytes = config.sendBytes();
  }

  static Outbox start(Swarm swarm, NodeId peer, GossipConfig config) {
    var outbox = new Outbox(swarm, peer, config);
    Thread.ofVirtual().name("gossip-to-" + peer.brief()).start(outbox::run);
    return outbox;
  }

  /** Takes a frame, which must not be changed any more; false when there is no room. */
  boolean offer(byte[] frame) {
    lock.lock();
    try {
      if (closed || frames.size() >= maxFrames || bytes + frame.length > maxBytes) {
        return false;
      }
      frames.add(frame);
      bytes += frame.length;
      changed.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      frames.clear();
      changed.signal();
    } finally {
      lock.unlock();
    }
    var open = stream;
    if (open != null) {
      open.reset(Kind.UNREACHABLE);
    }
  }

  private void run() {
    try {
      long pause = FIRST_PAUSE;
      for (var frame = next(); frame != null; frame = next()) {
        while (!sent(frame) && rest(pause)) {
          pause = Math.min(pause * 2, LONGEST_PAUSE);
        }
        pause = FIRST_PAUSE;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    var open = stream;
    if (open != null) {
      open.close();
    }
  }

  /** The next frame, or null when the outbox is closed. */
  private byte @Nullable [] next() throws InterruptedException {
    lock.lock();
    try {
      while (frames.isEmpty() && !closed) {
        changed.await();
      }
      if (closed) {
        return null;
      }
      var frame = frames.remove();
      bytes -= frame.length;
      return frame;
    } finally {
      lock.unlock();
    }
  }

  private boolean sent(byte[] frame) {
    try {
      var open = stream;
      if (open == null) {
        open = swarm.open(peer, SwarmGossip.PROTOCOL, OPENING);
        open.deadline(null);
        stream = open;
      }
      open.send(frame);
      return true;
    } catch (Fault e) {
      LOG.debug("event=gossip-stream-lost peer={} reason=\"{}\"", peer.brief(), e.getMessage());
      var broken = stream;
      stream = null;
      if (broken != null) {
        broken.close();
      }
      return false;
    }
  }

  /** Waits before the stream is opened again; false when the outbox is closed. */
  private boolean rest(long pause) throws InterruptedException {
    lock.lock();
    try {
      long left = pause;
      while (!closed && left > 0) {
        left = changed.awaitNanos(left);
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }
}

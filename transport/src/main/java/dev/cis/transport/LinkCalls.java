package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The calls of one link, both ways ({@code /cis/sys/call/1.0}).
 *
 * <p>Everything happens in the link's turn. Other threads leave what they want in an inbox, and
 * only the first to find it empty asks for a turn, so that under load many calls cost one. What is
 * written during a turn leaves together at its end.
 *
 * <p>Small calls share kept streams; their answers come in any order on the stream of the question.
 * A payload that would hold up the others has a stream of its own: the question's, or if the
 * question came on a kept one, a stream that the answering side opens for the answer.
 */
final class LinkCalls {
  private static final int MOST_AT_ONCE = 2048;
  private static final Duration TICK = Duration.ofMillis(1);

  private final Live live;
  private final TransportConfig config;
  private final Turn turn;
  private final Flow flow;
  private final Asking asking;
  private final Answering answering;
  private final ConcurrentLinkedQueue<Runnable> inbox = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean woken = new AtomicBoolean();
  private volatile @Nullable Fault lost;

  // Only in turn.
  private final Set<CallStream> streams = new HashSet<>();
  private final List<CallStream> dirty = new ArrayList<>();
  private long assembling;
  private long wakeAt = Long.MAX_VALUE;
  private @Nullable Runnable timer;

  LinkCalls(Live live, Handlers handlers, TransportConfig config) {
    this.live = live;
    this.config = config;
    this.turn = live.link.turn();
    this.flow = live.flow(CallFrame.PROTOCOL);
    this.asking = new Asking(this, live, config);
    this.answering = new Answering(this, live, handlers, config);
  }

  // From any thread.

  /**
   * Takes the call up, or fails it when there are too many.
   *
   * @return false if the link is lost, and nothing was done
   */
  boolean offer(PendingCall call) {
    if (lost != null) {
      return false;
    }
    if (asking.tryEnter(call)) {
      hand(call);
    } else {
      call.fail(asking.busy());
    }
    return true;
  }

  /** The same, but waits for a place until the deadline. */
  boolean offerWaiting(PendingCall call) throws InterruptedException {
    if (lost != null) {
      return false;
    }
    if (asking.enter(call)) {
      hand(call);
    } else {
      call.fail(asking.busy());
    }
    return true;
  }

  private void hand(PendingCall call) {
    call.handOver(asking);
    post(call);
  }

  /** Runs the task in turn, before what was written in it is sent. */
  void post(Runnable task) {
    inbox.add(task);
    wake();
  }

  private void wake() {
    if (woken.compareAndSet(false, true)) {
      try {
        turn.execute(this::drain);
      } catch (RejectedExecutionException e) {
        drainStopped();
      }
    }
  }

  /** The node stops: there are no turns any more. */
  private synchronized void drainStopped() {
    if (lost == null) {
      lost = new Fault(TransportCode.CLOSED, "this node is stopping");
    }
    drain();
    end();
  }

  /** The link is lost: every call on it has failed. */
  void lost(String reason) {
    lost =
        new Fault(
            TransportCode.CONNECTION_LOST,
            "the connection to " + live.peer().brief() + " ended: " + reason);
    post(this::end);
  }

  // In turn.

  private void end() {
    var why = lost;
    if (why != null) {
      asking.failAll(why);
      for (var stream : List.copyOf(streams)) {
        stream.broken(why);
      }
      if (timer != null) {
        timer.run();
        timer = null;
      }
    }
  }

  @Nullable Fault whyLost() {
    return lost;
  }

  private void drain() {
    woken.set(false);
    flush();
  }

  /** Does what is in the inbox, then sends what was written. */
  void flush() {
    Runnable task;
    int done = 0;
    while (done++ < MOST_AT_ONCE && (task = inbox.poll()) != null) {
      task.run();
    }
    if (done > MOST_AT_ONCE) {
      wake();
    }
    // A stream that breaks while it is written may make others dirty.
    while (!dirty.isEmpty()) {
      dirty.removeLast().flush();
    }
  }

  /** What calls count in. They take tokens of bandwidth limits, and do not wait for them. */
  Flow flow() {
    return flow;
  }

  void dirty(CallStream stream) {
    dirty.add(stream);
  }

  CallStream open() {
    var stream = CallStream.open(this, live, config.limits().maxFrame());
    streams.add(stream);
    return stream;
  }

  /**
   * The peer has opened a stream of calls.
   *
   * @param rest what came behind its header
   * @param leave to be told when it is over
   */
  void accepted(EventPipe pipe, ByteBuffer rest, Runnable leave) {
    var stream = CallStream.accepted(this, live, pipe, leave, config.limits().maxFrame());
    streams.add(stream);
    pipe.attend(stream);
    if (rest.hasRemaining()) {
      stream.received(rest);
    }
    if (pipe.isEnded()) {
      stream.ended();
    }
    flush();
  }

  /** A frame has arrived. */
  void on(CallStream stream, CallFrame frame) {
    switch (frame) {
      case CallFrame.Request request -> answering.on(stream, request);
      case CallFrame.Cancel cancel -> answering.cancel(cancel.id());
      case CallFrame.Reply reply -> asking.on(reply);
      case CallFrame.Refusal refusal -> asking.on(refusal);
      case CallFrame.Failure failure -> asking.on(failure);
    }
  }

  void peerEnded(CallStream stream) {
    asking.ended(stream, null);
  }

  /** The stream is no more. */
  void gone(CallStream stream, @Nullable Fault why) {
    streams.remove(stream);
    asking.ended(stream, why);
    answering.ended(stream);
  }

  /** Room for a message that is arriving. */
  boolean reserve(int length) {
    if (length > config.calling().callInlineBytes() + CallFrame.HEAD_BYTES
        && assembling + length > config.calling().maxCallBytes()) {
      return false;
    }
    assembling += length;
    return true;
  }

  void unreserve(int length) {
    assembling -= length;
  }

  /** Makes sure that deadlines are looked at by then. */
  void wakeBy(@Nullable Deadline deadline) {
    if (deadline == null || deadline.uptimeNanos() >= wakeAt) {
      return;
    }
    if (timer != null) {
      timer.run();
    }
    wakeAt = deadline.uptimeNanos();
    var left = deadline.remaining();
    timer = turn.after(left.compareTo(TICK) < 0 ? TICK : left, this::onTime);
  }

  private void onTime() {
    wakeAt = Long.MAX_VALUE;
    timer = null;
    asking.expire();
    answering.expire();
    flush();
  }
}

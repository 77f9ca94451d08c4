package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A call of the peer. */
final class ServedCall implements Call {
  private static final Logger LOG = LoggerFactory.getLogger(ServedCall.class);

  final long id;
  final CallStream stream;
  final boolean alone;
  final @Nullable Deadline deadline;
  private final NodeId peer;
  private final CallTable.Served served;
  private final String realm;
  private final Bytes request;

  // Guarded by this.
  private @Nullable Thread thread;
  private boolean over;

  ServedCall(CallFrame.Request frame, NodeId peer, CallTable.Served served, CallStream stream) {
    this.id = frame.id();
    this.stream = stream;
    this.alone = frame.alone();
    this.deadline =
        frame.deadlineMillis() == 0 ? null : Deadline.in(Duration.ofMillis(frame.deadlineMillis()));
    this.peer = peer;
    this.served = served;
    this.realm = frame.realm();
    this.request = frame.payload();
  }

  @Override
  public NodeId peer() {
    return peer;
  }

  @Override
  public ProtocolId protocol() {
    return served.protocol();
  }

  @Override
  public String realm() {
    return realm;
  }

  @Override
  public byte[] request() {
    return request.toByteArray();
  }

  int size() {
    return request.size();
  }

  @Override
  public Duration left() {
    synchronized (this) {
      if (over) {
        return Duration.ZERO;
      }
    }
    var until = deadline;
    return until == null ? Duration.ofDays(365) : until.remaining();
  }

  /** Runs the handler on this thread: what to tell the caller, null if it has gone. */
  @Nullable CallFrame work() {
    synchronized (this) {
      if (over) {
        return null;
      }
      thread = Thread.currentThread();
    }
    try {
      return answer();
    } finally {
      synchronized (this) {
        thread = null;
        // An interrupt that came too late is not the next call's.
        boolean _ = Thread.interrupted();
      }
    }
  }

  CallFrame answer() {
    try {
      byte[] bytes = served.handler().answer(this);
      return new CallFrame.Reply(id, served.protocol().minor(), Bytes.of(bytes));
    } catch (InterruptedException e) {
      return CallFrame.failure(
          id, new Fault(TransportCode.STREAM_TIMEOUT, "the handler was interrupted"));
    } catch (Fault e) {
      if (e.kind() == Kind.INTERNAL) {
        LOG.error("event=call-defect peer={} protocol={}", peer.brief(), protocol(), e);
      }
      return CallFrame.failure(id, e);
    } catch (RuntimeException e) {
      LOG.error("event=call-defect peer={} protocol={}", peer.brief(), protocol(), e);
      return CallFrame.failure(id, new Fault(KernelCode.DEFECT, "the handler failed"));
    }
  }

  /** Nobody waits for the answer any more. */
  synchronized void giveUp() {
    over = true;
    if (thread != null) {
      thread.interrupt();
    }
  }
}

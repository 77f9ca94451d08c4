package dev.cis.transport.memory;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.transport.Pipe;
import dev.cis.transport.TransportCode;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One end of two byte queues. */
final class MemoryPipe implements Pipe {
  private final ByteQueue outgoing;
  private final ByteQueue incoming;
  private final String peer;
  private final Set<MemoryPipe> siblings;

  MemoryPipe(ByteQueue outgoing, ByteQueue incoming, String peer, Set<MemoryPipe> siblings) {
    this.outgoing = outgoing;
    this.incoming = incoming;
    this.peer = peer;
    this.siblings = siblings;
  }

  @Override
  public void write(ByteBuffer bytes, boolean end, long waitNanos) throws InterruptedException {
    outgoing.write(bytes, end, waitNanos);
    forgetIfOver();
  }

  @Override
  public int read(ByteBuffer into, long waitNanos) throws InterruptedException {
    int size = incoming.read(into, waitNanos);
    if (size < 0) {
      forgetIfOver();
    }
    return size;
  }

  /** Tells this one, if any, whenever it may go on reading or writing. */
  void watch(@Nullable Runnable who) {
    incoming.watchReading(who);
    outgoing.watchWriting(who);
  }

  void offer(ByteBuffer bytes) {
    outgoing.offer(bytes);
    forgetIfOver();
  }

  void offerEnd() {
    outgoing.offerEnd();
    forgetIfOver();
  }

  int poll(ByteBuffer into) {
    int size = incoming.poll(into);
    if (size < 0) {
      forgetIfOver();
    }
    return size;
  }

  boolean isBrokenFor(Kind kind) {
    return incoming.isBrokenFor(kind);
  }

  @Override
  public void stopReading(Kind why) {
    incoming.refuse(why);
    forgetIfOver();
  }

  @Override
  public void reset(Kind why) {
    // Whoever resets because the link is being lost must not hide that from the other side.
    var known = incoming.broken();
    var fault =
        known == null
            ? new Fault(TransportCode.STREAM_RESET, "the stream was broken off (" + why + ")")
            : known;
    outgoing.fail(fault, why);
    incoming.fail(fault, why);
    siblings.remove(this);
  }

  /** The link is gone. */
  void lose(String reason) {
    var fault =
        new Fault(TransportCode.CONNECTION_LOST, "the connection to " + peer + " ended: " + reason);
    outgoing.fail(fault, null);
    incoming.fail(fault, null);
    siblings.remove(this);
  }

  private void forgetIfOver() {
    if (outgoing.isOver() && incoming.isOver()) {
      siblings.remove(this);
    }
  }
}

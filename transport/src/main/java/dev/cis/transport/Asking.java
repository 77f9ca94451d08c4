package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.fault.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Our own calls on one link. */
final class Asking {
  // Several streams when packets get lost: a lost one then holds up only the calls of its stream.
  private static final int MAX_KEPT = 4;
  private static final int FIRST_SLOTS = 16;
  // A call's id is a running number and the slot in which it is kept.
  private static final int SLOT_BITS = 16;

  private final LinkCalls link;
  private final Live live;
  private final TransportConfig config;
  private final Semaphore places;
  private final AtomicLong bytes = new AtomicLong();

  // Only in turn.
  private @Nullable PendingCall[] slots = new PendingCall[FIRST_SLOTS];
  private int[] free = new int[FIRST_SLOTS];
  private int freeCount;
  private int used;
  private long calls;
  private long abandoned;
  private final @Nullable CallStream[] kept = new CallStream[MAX_KEPT];

  Asking(LinkCalls link, Live live, TransportConfig config) {
    this.link = link;
    this.live = live;
    this.config = config;
    this.places = new Semaphore(config.calling().maxCalls());
  }

  /** Takes a place for the call, if there is one. From any thread. */
  boolean tryEnter(PendingCall call) {
    return places.tryAcquire() && takeBytes(call);
  }

  /** The same, waiting until the call's deadline for other calls to end. */
  boolean enter(PendingCall call) throws InterruptedException {
    return (places.tryAcquire() || places.tryAcquire(call.deadline.left(), TimeUnit.NANOSECONDS))
        && takeBytes(call);
  }

  private boolean takeBytes(PendingCall call) {
    int size = call.request.size();
    long all = bytes.addAndGet(size);
    if (all > config.calling().maxCallBytes() && all > size) {
      bytes.addAndGet(-size);
      places.release();
      return false;
    }
    return true;
  }

  Fault busy() {
    boolean places = this.places.availablePermits() == 0;
    return new Fault(
        TransportCode.BUSY,
        (places
                ? "transport.max_calls = " + config.calling().maxCalls()
                : "transport.max_call_bytes = " + config.calling().maxCallBytes())
            + " is reached for calls to "
            + live.peer().brief());
  }

  private void leave(PendingCall call) {
    bytes.addAndGet(-call.request.size());
    places.release();
  }

  /** Gives a call up. From any thread. */
  void giveUp(PendingCall call) {
    link.post(() -> {
      if (isUnderWay(call)) {
        abandon(call);
      }
    });
  }

  // In turn.

  private boolean isUnderWay(PendingCall call) {
    return call.id != 0 && slots[slot(call.id)] == call;
  }

  private static int slot(long id) {
    return (int) (id & ((1 << SLOT_BITS) - 1));
  }

  /** Sends the question. */
  void begin(PendingCall call) {
    var lost = link.whyLost();
    if (lost != null || call.isDone() || call.deadline.isOver()) {
      leave(call);
      call.fail(lost == null ? timedOut(call) : again(lost));
      return;
    }
    int slot = freeCount > 0 ? free[--freeCount] : used++;
    if (slot == slots.length) {
      slots = Arrays.copyOf(slots, 2 * slot);
      free = Arrays.copyOf(free, 2 * slot);
    }
    slots[slot] = call;
    call.id = ++calls << SLOT_BITS | slot;
    boolean alone = call.request.size() > config.calling().callInlineBytes();
    var frame =
        new CallFrame.Request(
            call.id,
            call.protocol.toString(),
            call.realm,
            Math.clamp(TimeUnit.NANOSECONDS.toMillis(call.deadline.left()), 1, Integer.MAX_VALUE),
            alone,
            call.request);
    if (alone) {
      call.stream = link.open();
      call.stream.addLast(frame);
    } else {
      call.stream = keptStream();
      call.stream.add(frame);
    }
    link.wakeBy(call.deadline);
  }

  private CallStream keptStream() {
    int which = live.link.isLosing() ? (int) (calls % MAX_KEPT) : 0;
    var stream = kept[which];
    if (stream == null || stream.isEnding() || stream.isPeerEnded()) {
      stream = link.open();
      kept[which] = stream;
    }
    return stream;
  }

  void on(CallFrame.Reply reply) {
    var call = ended(reply.id());
    if (call != null) {
      var wanted = call.protocol;
      var protocol =
          wanted.minor() == reply.minor()
              ? wanted
              : new ProtocolId(wanted.path(), wanted.major(), reply.minor());
      call.complete(new Answer(protocol, reply.payload()));
    }
  }

  void on(CallFrame.Refusal refusal) {
    var call = ended(refusal.id());
    if (call != null) {
      call.fail(
          new Fault(
              TransportCode.ofText(refusal.code(), TransportCode.REFUSED),
              live.peer().brief()
                  + " refused the call "
                  + call.protocol
                  + ": "
                  + Wording.printable(refusal.reason())));
    }
  }

  void on(CallFrame.Failure failure) {
    var call = ended(failure.id());
    if (call != null) {
      call.fail(
          new Fault(
              new PeerCode(failure.code(), failure.kind()),
              live.peer().brief()
                  + " failed to answer "
                  + call.protocol
                  + ": "
                  + Wording.printable(failure.reason())));
    }
  }

  /** The call with this id, which is over; null for one that was given up. */
  private @Nullable PendingCall ended(long id) {
    int slot = slot(id);
    var call = slot < slots.length ? slots[slot] : null;
    if (call == null || call.id != id) {
      if (--abandoned < 0) {
        throw new Fault(
            KernelCode.MALFORMED, live.peer().brief() + " answered a call that was not made");
      }
      return null;
    }
    remove(call);
    return call;
  }

  private void remove(PendingCall call) {
    int slot = slot(call.id);
    slots[slot] = null;
    free[freeCount++] = slot;
    leave(call);
  }

  /** Nobody waits for the answer: the peer is told. */
  private void abandon(PendingCall call) {
    remove(call);
    abandoned++;
    var stream = call.stream;
    if (stream == null || stream.isOver()) {
      return;
    }
    var cancel = new CallFrame.Cancel(call.id);
    if (stream.isEnding()) {
      // What the peer has not read of it will not come; but it may have read all of it.
      stream.reset(
          Kind.UNREACHABLE, new Fault(TransportCode.STREAM_RESET, "the call was given up"));
      keptStream().add(cancel);
    } else {
      stream.add(cancel);
    }
  }

  /** A stream has ended; what was asked on it will not be answered. */
  void ended(CallStream stream, @Nullable Fault why) {
    if (!stream.isOurs()) {
      return;
    }
    var fault =
        why != null
            ? why
            : new Fault(
                TransportCode.STREAM_RESET,
                live.peer().brief() + " ended the stream of the call without an answer");
    for (var call : each(each -> each.stream == stream)) {
      remove(call);
      abandoned++;
      call.fail(again(fault));
    }
    for (int i = 0; i < MAX_KEPT; i++) {
      if (kept[i] == stream) {
        kept[i] = null;
      }
    }
  }

  void failAll(Fault why) {
    for (var call : each(_ -> true)) {
      remove(call);
      call.fail(again(why));
    }
  }

  void expire() {
    for (var call : each(_ -> true)) {
      if (call.deadline.isOver()) {
        abandon(call);
        call.fail(timedOut(call));
      } else {
        link.wakeBy(call.deadline);
      }
    }
  }

  private List<PendingCall> each(Predicate<PendingCall> which) {
    var found = new ArrayList<PendingCall>();
    for (int i = 0; i < used; i++) {
      var call = slots[i];
      if (call != null && which.test(call)) {
        found.add(call);
      }
    }
    return found;
  }

  private Fault timedOut(PendingCall call) {
    return new Fault(
        TransportCode.STREAM_TIMEOUT,
        live.peer().brief() + " did not answer the call " + call.protocol + " in time");
  }

  private static Fault again(Fault fault) {
    return new Fault(fault.code(), String.valueOf(fault.getMessage()), fault);
  }
}

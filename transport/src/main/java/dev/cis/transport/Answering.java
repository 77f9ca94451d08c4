package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** The peer's calls on one link. */
final class Answering {
  private final LinkCalls link;
  private final Live live;
  private final Handlers handlers;
  private final TransportConfig config;

  // Only in turn.
  private final Map<Long, ServedCall> serving = new HashMap<>();
  private long held;

  // From here virtual threads take what may wait.
  private final ConcurrentLinkedQueue<ServedCall> ready = new ConcurrentLinkedQueue<>();
  private final AtomicInteger workers = new AtomicInteger();

  Answering(LinkCalls link, Live live, Handlers handlers, TransportConfig config) {
    this.link = link;
    this.live = live;
    this.handlers = handlers;
    this.config = config;
  }

  void on(CallStream stream, CallFrame.Request request) {
    if (stream.isOurs()) {
      throw new Fault(KernelCode.MALFORMED, "a call on a stream of the other side");
    }
    if (stream.isAlone()) {
      throw new Fault(KernelCode.MALFORMED, "a second call on a stream for one");
    }
    if (request.alone()) {
      stream.alone();
    }
    if (serving.containsKey(request.id())) {
      throw new Fault(KernelCode.MALFORMED, "a second call with an id that is in use");
    }
    if (!handlers.admits(live, request.realm())) {
      answer(
          stream,
          CallFrame.refusal(
              request.id(),
              TransportCode.REFUSED,
              "its realm was not proved on this connection, or you are shut out"));
      return;
    }
    var served = handlers.answering(request.realm(), request.protocol());
    if (served.isEmpty()) {
      answer(
          stream,
          CallFrame.refusal(
              request.id(),
              TransportCode.NO_PROTOCOL,
              Wording.printable(request.protocol()) + " is not answered here"));
      return;
    }
    if (serving.size() >= config.calling().maxCalls()) {
      refuse(stream, request, "transport.max_calls = " + config.calling().maxCalls());
      return;
    }
    var call = new ServedCall(request, live.peer(), served.get(), stream);
    if (served.get().inline()) {
      answer(stream, call.answer());
      return;
    }
    if (held + call.size() > config.calling().maxCallBytes()) {
      refuse(stream, request, "transport.max_call_bytes = " + config.calling().maxCallBytes());
      return;
    }
    held += call.size();
    stream.serving++;
    serving.put(call.id, call);
    link.wakeBy(call.deadline);
    ready.add(call);
    employ();
  }

  private void refuse(CallStream stream, CallFrame.Request request, String limit) {
    answer(stream, CallFrame.refusal(request.id(), TransportCode.BUSY, limit + " is reached"));
  }

  private void employ() {
    int now = workers.get();
    if (now < config.calling().maxCallHandlers()) {
      workers.incrementAndGet();
      Thread.ofVirtual().name("call-" + live.peer().brief()).start(this::work);
    }
  }

  /** Answers calls until there are none. On a virtual thread. */
  private void work() {
    do {
      ServedCall call;
      while ((call = ready.poll()) != null) {
        var done = call;
        var frame = done.work();
        if (frame != null) {
          link.post(() -> finished(done, frame));
        }
      }
      workers.decrementAndGet();
      // One that came in between has perhaps found too many at work.
    } while (!ready.isEmpty() && again());
  }

  private boolean again() {
    int now;
    do {
      now = workers.get();
      if (now >= config.calling().maxCallHandlers()) {
        return false;
      }
    } while (!workers.compareAndSet(now, now + 1));
    return true;
  }

  private void finished(ServedCall call, CallFrame frame) {
    if (remove(call)) {
      answer(call.stream, frame);
    }
  }

  /** The call is over; false if it was before. */
  private boolean remove(ServedCall call) {
    if (!serving.remove(call.id, call)) {
      return false;
    }
    held -= call.size();
    call.stream.serving--;
    return true;
  }

  private void answer(CallStream stream, CallFrame frame) {
    if (stream.isEnding()) {
      return;
    }
    int size = frame instanceof CallFrame.Reply reply ? reply.payload().size() : 0;
    if (size > config.limits().maxFrame() - CallFrame.HEAD_BYTES) {
      fail(stream, frame, TransportCode.FRAME_TOO_LARGE, "the answer is over transport.max_frame");
    } else if (size <= config.calling().callInlineBytes()) {
      stream.answer(frame);
    } else if (held + size > config.calling().maxCallBytes()) {
      fail(
          stream,
          frame,
          TransportCode.BUSY,
          "transport.max_call_bytes = " + config.calling().maxCallBytes() + " is reached");
    } else {
      var to = stream.isAlone() ? stream : link.open();
      held += size;
      to.charged += size;
      to.addLast(frame);
    }
  }

  private static void fail(CallStream stream, CallFrame frame, TransportCode code, String why) {
    stream.answer(CallFrame.failure(frame.id(), new Fault(code, why)));
  }

  /** The caller does not want the answer any more. */
  void cancel(long id) {
    var call = serving.get(id);
    if (call != null) {
      boolean _ = remove(call);
      call.giveUp();
      call.stream.endIfAnswered();
    }
  }

  /** The stream has ended; nobody waits for what was asked on it. */
  void ended(CallStream stream) {
    held -= stream.charged;
    stream.charged = 0;
    if (stream.serving > 0) {
      for (var call : List.copyOf(serving.values())) {
        if (call.stream == stream) {
          boolean _ = remove(call);
          call.giveUp();
        }
      }
    }
  }

  void expire() {
    for (var call : List.copyOf(serving.values())) {
      var deadline = call.deadline;
      if (deadline != null && deadline.isOver()) {
        boolean _ = remove(call);
        call.giveUp();
        answer(
            call.stream,
            CallFrame.refusal(call.id, TransportCode.STREAM_TIMEOUT, "the deadline is over"));
      } else {
        link.wakeBy(deadline);
      }
    }
  }
}

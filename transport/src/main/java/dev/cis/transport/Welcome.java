package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.fault.Kind;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stream of greetings on a link that the peer dialled, for the life of the link. It is served
 * in turn, so that an idle link costs no thread; what may wait, or is long to compute, is handed to
 * one, and nothing more is read until that is done.
 */
final class Welcome implements EventPipe.Receiver {
  private static final Logger LOG = LoggerFactory.getLogger(Welcome.class);

  // What may come while something before it is being looked at: a few greetings at their largest.
  private static final int MOST_UNREAD = 128 << 10;

  /** What is done with what arrives. */
  interface Host {
    /** The answer to the peer's introduction. At once. */
    byte[] introduced(Live live, byte[] introduction);

    /**
     * The answer to the peer's greeting. May wait.
     *
     * @param control sends on the link as soon as it counts
     * @throws Fault if the link has to be closed
     */
    Verdict greeted(Live live, byte[] greeting, Live.Control control) throws InterruptedException;

    /** The link counts, and the peer is being told so. May take a while. */
    void settled(Live live);

    /** Something came on a link that counts. May take a while. */
    void heard(Live live, byte[] greeting);
  }

  /**
   * What the peer hears.
   *
   * @param refusal null when the link counts, else what it is closed with once the peer has read it
   */
  record Verdict(Greeting answer, @Nullable Kind refusal, String reason) {}

  private enum Stage {
    INTRODUCTION,
    GREETING,
    SETTLED,
    REFUSED,
    OVER
  }

  private final Host host;
  private final Live live;
  private final EventPipe pipe;
  private final Flow flow;
  private final int maxFrame;
  private final Runnable timer;
  private Stage stage = Stage.INTRODUCTION;
  private Frames frames;
  private ByteBuffer unread = ByteBuffer.allocate(0);
  private @Nullable Verdict verdict;
  private byte @Nullable [] later;
  private boolean busy;
  private boolean ended;

  private Welcome(Host host, Live live, EventPipe pipe, Duration within, int maxFrame) {
    this.host = host;
    this.live = live;
    this.pipe = pipe;
    this.maxFrame = maxFrame;
    this.frames = frames(Introduction.MAX_BYTES);
    this.flow = live.flow(null);
    this.timer =
        pipe.turn()
            .after(
                within,
                () ->
                    fail(
                        new Fault(
                            TransportCode.STREAM_TIMEOUT,
                            "the peer did not answer before the deadline")));
  }

  /**
   * Takes a stream of greetings, in turn.
   *
   * @param within how long the greetings may take
   * @param size bytes of the header
   * @param rest what came behind it
   */
  static void begin(
      Host host,
      Live live,
      EventPipe pipe,
      Duration within,
      int maxFrame,
      int size,
      ByteBuffer rest) {
    if (live.link.outbound() || live.control != null) {
      pipe.reset(KernelCode.MALFORMED.kind()); // a second one
      return;
    }
    var welcome = new Welcome(host, live, pipe, within, maxFrame);
    live.streamOpened(false);
    live.settle(welcome.flow, Greeting.PROTOCOL);
    welcome.flow.received(size);
    pipe.rank(welcome.flow.priority());
    welcome.write(StreamAnswer.CODEC.encode(StreamAnswer.accepted(Greeting.PROTOCOL)), false);
    welcome.received(rest);
    pipe.attend(welcome);
    if (pipe.isEnded()) {
      welcome.ended();
    }
  }

  private Frames frames(int limit) {
    return new Frames(Math.min(limit, maxFrame), _ -> true);
  }

  private void send(byte[] message) {
    onTurn(() -> {
      if (stage == Stage.GREETING) {
        later = message; // behind the answer
      } else if (stage == Stage.SETTLED && pipe.unsent() < EventPipe.LOW_WATER) {
        write(message, false); // a peer that does not read has no use for more
      }
    });
  }

  private void write(byte[] message, boolean end) {
    byte[] frame = FramedStream.framed(message);
    flow.sent(frame.length, false);
    pipe.write(ByteBuffer.wrap(frame), end);
  }

  @Override
  public void received(ByteBuffer bytes) {
    if (stage == Stage.OVER) {
      return;
    }
    flow.received(bytes.remaining());
    if (unread.remaining() + bytes.remaining() > MOST_UNREAD) {
      fail(
          new Fault(
              TransportCode.FRAME_TOO_LARGE,
              live.peer().brief() + " sends more than greetings before it was answered"));
      return;
    }
    unread =
        ByteBuffer.allocate(unread.remaining() + bytes.remaining()).put(unread).put(bytes).flip();
    readOn();
  }

  private void readOn() {
    try {
      while (!busy && stage != Stage.OVER) {
        byte[] message = frames.next(unread);
        if (message == null) {
          break;
        }
        take(message);
      }
      if (ended && !busy) {
        finished();
      }
    } catch (Fault e) {
      fail(e);
    }
    if (!unread.hasRemaining()) {
      unread = ByteBuffer.allocate(0);
    }
  }

  private void take(byte[] message) {
    switch (stage) {
      case INTRODUCTION -> {
        write(host.introduced(live, message), false);
        frames = frames(Greeting.MAX_BYTES);
        stage = Stage.GREETING;
      }
      case GREETING ->
          aside(() -> {
            var said = host.greeted(live, message, this::send);
            verdict = said;
            onTurn(() -> answer(said));
            if (said.refusal() == null) {
              host.settled(live);
            }
          });
      case SETTLED -> {
        if (message.length > 0) { // else it keeps the link alive
          aside(() -> host.heard(live, message));
        }
      }
      case REFUSED -> close(Stage.REFUSED);
      case OVER -> {}
    }
  }

  private void answer(Verdict said) {
    if (stage != Stage.GREETING) {
      return;
    }
    write(Greeting.CODEC.encode(said.answer()), said.refusal() != null);
    if (said.refusal() == null) {
      timer.run();
      stage = Stage.SETTLED;
      if (later != null) {
        write(later, false);
        later = null;
      }
    } else {
      // The dialler closes the link when it reads this; if it does not, we do.
      stage = Stage.REFUSED;
    }
  }

  private interface Work {
    void run() throws InterruptedException;
  }

  /** Does what may take a while, and reads on behind it. */
  private void aside(Work work) {
    busy = true;
    pipe.pause(true);
    Thread.ofVirtual()
        .name("greet-" + live.peer().brief())
        .start(() -> {
          try {
            work.run();
            onTurn(() -> {
              busy = false;
              pipe.pause(false);
              readOn();
            });
          } catch (Fault e) {
            onTurn(() -> fail(e));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } catch (RuntimeException e) {
            LOG.error("event=greeting-defect peer={}", live.peer().brief(), e);
            onTurn(() -> fail(new Fault(KernelCode.DEFECT, "a defect of this node")));
          }
        });
  }

  private void onTurn(Runnable task) {
    try {
      pipe.turn().execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("event=greeting-after-stop peer={}", live.peer().brief());
    }
  }

  @Override
  public void ended() {
    ended = true;
    if (!busy) {
      finished();
    }
  }

  private void finished() {
    switch (stage) {
      case INTRODUCTION ->
          fail(
              new Fault(
                  TransportCode.CONNECTION_LOST, live.peer().brief() + " closed without a word"));
      case GREETING ->
          fail(new Fault(TransportCode.REFUSED, live.peer().brief() + " shares no realm with us"));
      case SETTLED, REFUSED -> close(stage);
      case OVER -> {}
    }
  }

  private void close(Stage at) {
    over();
    var said = verdict;
    var refusal = at == Stage.REFUSED && said != null ? said.refusal() : null;
    if (said != null && refusal != null) {
      live.link.close(refusal.closeCode(), said.reason());
    } else {
      live.link.close(Link.GOODBYE, "the stream of greetings ended");
    }
  }

  @Override
  public void broken(Fault why) {
    fail(why);
  }

  private void fail(Fault why) {
    if (stage != Stage.OVER) {
      over();
      pipe.reset(why.kind());
      live.link.close(why.kind().closeCode(), "greeting: " + why.getMessage());
    }
  }

  private void over() {
    stage = Stage.OVER;
    timer.run();
    live.streamClosed();
  }
}

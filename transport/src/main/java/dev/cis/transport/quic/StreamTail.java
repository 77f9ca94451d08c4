package dev.cis.transport.quic;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamFrame;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds back the last bytes of a stream for a moment, so that its end can go with them.
 *
 * <p>An end alone in an empty frame can get lost for good: quiche forgets a stream whose peer has
 * ended as soon as all bytes are acknowledged, though the empty frame is unsent or its packet lost
 * (its issue 2525). An end in one frame with bytes is acknowledged with them. When the bytes are
 * gone already, the end waits until they should have been acknowledged; no acknowledgement that
 * comes before the end's own can then make quiche forget it. Used on the event loop only.
 */
final class StreamTail {
  private static final Duration HOLD = Duration.ofMillis(1);
  // RFC 9000 section 18.2: acknowledgements are delayed by up to 25 ms.
  private static final Duration ACK_DELAY = Duration.ofMillis(30);

  private final EventLoop loop;
  private final Consumer<QuicStreamFrame> out;
  private @Nullable QuicStreamFrame held;
  private boolean timed;
  private long lastBytes = System.nanoTime() - TimeUnit.HOURS.toNanos(1);

  /** Frames leave through {@code out}, in their order. */
  StreamTail(EventLoop loop, Consumer<QuicStreamFrame> out) {
    this.loop = loop;
    this.out = out;
  }

  /**
   * Bytes that are held back unless somebody waits for what the peer says to them.
   *
   * @param urgent whether they go at once
   */
  void bytes(QuicStreamFrame frame, boolean urgent) {
    flush();
    if (urgent) {
      write(frame);
      return;
    }
    held = frame;
    if (!timed) {
      timed = true;
      var _ = loop.schedule(this::onTime, HOLD.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  /**
   * The end, with or without bytes.
   *
   * @param peerEnded whether quiche forgets the stream once it has nothing to send
   * @param rtt way there and back, if it is known
   */
  void end(QuicStreamFrame frame, boolean peerEnded, @Nullable Duration rtt) {
    var before = held;
    if (before != null && !frame.content().isReadable()) {
      held = null;
      frame.release();
      write(new DefaultQuicStreamFrame(before.content(), true));
      return;
    }
    flush();
    long wait =
        ACK_DELAY.toNanos()
            + (rtt == null ? 0 : 2 * rtt.toNanos())
            - (System.nanoTime() - lastBytes);
    if (frame.content().isReadable() || !peerEnded || wait <= 0) {
      write(frame);
    } else {
      var _ = loop.schedule(() -> write(frame), wait, TimeUnit.NANOSECONDS);
    }
  }

  /** Lets go what is held back. */
  void flush() {
    var frame = held;
    if (frame != null) {
      held = null;
      write(frame);
    }
  }

  private void onTime() {
    timed = false;
    flush();
  }

  private void write(QuicStreamFrame frame) {
    lastBytes = System.nanoTime();
    out.accept(frame);
  }
}

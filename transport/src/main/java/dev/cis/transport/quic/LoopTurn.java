package dev.cis.transport.quic;

import dev.cis.transport.Turn;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** An event loop as the turn of its links. */
record LoopTurn(EventLoop loop) implements Turn {
  @Override
  public void execute(Runnable task) {
    loop.execute(task);
  }

  @Override
  public boolean isHere() {
    return loop.inEventLoop();
  }

  @Override
  public Runnable after(Duration delay, Runnable task) {
    var scheduled = loop.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    return () -> scheduled.cancel(false);
  }
}

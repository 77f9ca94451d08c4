package dev.cis.transport.quic;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * Event loops that many swarms of one process share. A swarm has a loop of its own otherwise, which
 * is a thread, three file descriptors and what that thread keeps of buffers: too much for a process
 * with thousands of nodes. To be closed after the last of the swarms.
 */
public final class EventLoops implements AutoCloseable {
  private final EventLoopGroup group;

  /** So many threads, at least one; each swarm stays on one of them. */
  public EventLoops(int threads) {
    group = group(threads);
  }

  static EventLoopGroup group(int threads) {
    return new MultiThreadIoEventLoopGroup(
        threads,
        new DefaultThreadFactory("cis-quic", true),
        Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  }

  /** One of them: what a swarm does on its sockets is done by one thread. */
  EventLoop next() {
    return group.next();
  }

  @Override
  public void close() {
    var _ = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}

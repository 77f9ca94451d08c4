package dev.cis.sync;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import dev.cis.sync.proto.SyncMessage;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The streams of exchanges: one per exchange, on which requests and answers alternate, so that the
 * slower side sets the pace and nothing piles up.
 */
final class Exchanges {
  static final ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/sync/1.0");

  private static final Duration OPEN = Duration.ofSeconds(15);
  private static final Duration IDLE = Duration.ofSeconds(60);
  private static final Duration LONGEST = Duration.ofMinutes(30);
  private static final int QUEUE = 8;
  private static final int MAX_EXCHANGES = 256;

  /** Where messages and news of broken streams go. May wait. */
  interface Inbox {
    void received(NodeId from, SyncMessage message) throws InterruptedException;

    void broken(NodeId peer, long exchange, String why) throws InterruptedException;
  }

  /** What went over the stream of an exchange. */
  record Traffic(long sent, long received) {
    static final Traffic NONE = new Traffic(0, 0);
  }

  private record Key(NodeId peer, long exchange) {}

  private static final class Line {
    private final BlockingQueue<SyncMessage> out = new ArrayBlockingQueue<>(QUEUE);
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong received = new AtomicLong();
    private volatile boolean over;
    private volatile @Nullable Thread thread;
  }

  private final Swarm swarm;
  private final Inbox inbox;
  private final Map<Key, Line> led = new ConcurrentHashMap<>();
  private final Map<Key, Line> served = new ConcurrentHashMap<>();

  Exchanges(Swarm swarm, Inbox inbox) {
    this.swarm = swarm;
    this.inbox = inbox;
  }

  /** Sends what the machine wants sent; never blocks. */
  void send(NodeId to, SyncMessage message) {
    var key = new Key(to, message.exchange());
    switch (message) {
      case SyncMessage.Request request -> {
        var line = led.computeIfAbsent(key, k -> new Line());
        boolean fits = led.size() <= MAX_EXCHANGES && line.out.offer(request);
        if (fits && line.thread == null) {
          line.thread = Thread.ofVirtual().name("sync-" + to.brief()).start(() -> lead(key, line));
        } else if (!fits && line.thread == null) {
          led.remove(key);
        }
      }
      case SyncMessage.Answer answer -> {
        var line = served.get(key);
        if (line != null && !line.out.offer(answer)) {
          line.over = true;
        }
      }
    }
  }

  /** The exchange is over; what went over its stream. */
  Traffic finished(NodeId peer, long exchange) {
    var line = led.remove(new Key(peer, exchange));
    if (line == null) {
      return Traffic.NONE;
    }
    line.over = true;
    var thread = line.thread;
    if (thread != null) {
      thread.interrupt();
    }
    return new Traffic(line.sent.get(), line.received.get());
  }

  private void lead(Key key, Line line) {
    try (var stream = swarm.open(key.peer, PROTOCOL, OPEN)) {
      stream.deadline(LONGEST);
      while (!line.over) {
        var request = line.out.take();
        byte[] bytes = SyncMessage.CODEC.encode(request);
        stream.send(bytes);
        line.sent.addAndGet(bytes.length);
        byte[] answer = stream.receive(SyncMessage.MAX_BYTES);
        if (answer == null) {
          inbox.broken(key.peer, key.exchange, "the peer ended the stream");
          return;
        }
        line.received.addAndGet(answer.length);
        inbox.received(key.peer, SyncMessage.CODEC.decode(answer));
      }
    } catch (InterruptedException e) {
      // The exchange is over.
    } catch (RuntimeException e) {
      tellBroken(key, line, e);
    }
  }

  private void tellBroken(Key key, Line line, RuntimeException e) {
    if (line.over) {
      return;
    }
    try {
      inbox.broken(key.peer, key.exchange, String.valueOf(e.getMessage()));
    } catch (InterruptedException again) {
      // Closing.
    }
  }

  /** Serves an exchange that a peer leads. */
  void serve(Stream stream) throws InterruptedException {
    stream.deadline(LONGEST);
    @Nullable Key key = null;
    var line = new Line();
    try {
      while (!line.over) {
        byte[] request = stream.receive(SyncMessage.MAX_BYTES);
        if (request == null) {
          return;
        }
        var message = SyncMessage.CODEC.decode(request);
        if (key == null) {
          key = new Key(stream.peer(), message.exchange());
          if (served.size() >= MAX_EXCHANGES || served.putIfAbsent(key, line) != null) {
            key = null;
            stream.reset(Kind.EXHAUSTED);
            return;
          }
        }
        if (!(message instanceof SyncMessage.Request) || message.exchange() != key.exchange) {
          stream.reset(Kind.INVALID);
          return;
        }
        inbox.received(stream.peer(), message);
        var answer = line.out.poll(IDLE.toMillis(), TimeUnit.MILLISECONDS);
        if (answer == null) {
          stream.reset(Kind.TIMEOUT);
          return;
        }
        stream.send(SyncMessage.CODEC.encode(answer));
      }
    } catch (Fault e) {
      stream.reset(e.kind());
    } finally {
      if (key != null) {
        served.remove(key, line);
      }
    }
  }

  /** Ends every stream that we lead. */
  void close() {
    led.keySet().forEach(key -> finished(key.peer, key.exchange));
  }
}

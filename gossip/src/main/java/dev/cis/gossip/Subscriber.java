package dev.cis.gossip;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One subscription: a bounded queue, and one virtual thread that calls the consumer. */
final class Subscriber implements Gossip.Subscription {
  private static final Logger LOG = LoggerFactory.getLogger(Subscriber.class);
  private static final int CAPACITY = 1_024;

  private sealed interface Item {
    record Heard(Gossip.Message message) implements Item {}

    record End() implements Item {}
  }

  private final String topic;
  private final Consumer<Gossip.Message> consumer;
  private final Consumer<Subscriber> ended;
  private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(CAPACITY);
  private final AtomicLong dropped = new AtomicLong();
  private boolean closed;

  private Subscriber(String topic, Consumer<Gossip.Message> consumer, Consumer<Subscriber> ended) {
    this.topic = topic;
    this.consumer = consumer;
    this.ended = ended;
  }

  static Subscriber start(
      String topic, Consumer<Gossip.Message> consumer, Consumer<Subscriber> ended) {
    var subscriber = new Subscriber(topic, consumer, ended);
    Thread.ofVirtual().name("gossip-topic-" + topic).start(subscriber::run);
    return subscriber;
  }

  String topic() {
    return topic;
  }

  synchronized void tell(Gossip.Message message) {
    if (!closed && !queue.offer(new Item.Heard(message))) {
      dropped.incrementAndGet();
    }
  }

  @Override
  public long dropped() {
    return dropped.get();
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      queue.clear();
      queue.add(new Item.End());
    }
    ended.accept(this);
  }

  private void run() {
    try {
      while (queue.take() instanceof Item.Heard(var message)) {
        try {
          consumer.accept(message);
        } catch (RuntimeException e) {
          LOG.warn("event=gossip-subscriber-failed topic={}", topic, e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

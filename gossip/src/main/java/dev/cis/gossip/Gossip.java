package dev.cis.gossip;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.time.Instant;
import java.util.function.Consumer;

/** Publish and subscribe over the swarm. Thread-safe. */
public interface Gossip extends AutoCloseable {
  /** Longest topic in bytes. */
  int MAX_TOPIC = 128;

  /** Largest payload in bytes. */
  int MAX_PAYLOAD = 256 * 1024;

  /**
   * How to publish.
   *
   * @param ttl hops at most; 0 chooses by the size of the network
   * @param probability the share of links on which each node forwards, 0 to 1; the default 1 is
   *     what reaches everyone
   */
  record Options(int ttl, double probability) {
    /** What reaches everyone. */
    public static final Options DEFAULT = new Options(0, 1);
  }

  /**
   * A message that reached this node.
   *
   * @param topic what it is about
   * @param author who signed it
   * @param payload what it says
   * @param published when the author says it was
   * @param hops how many links it crossed, 0 for our own
   */
  record Message(String topic, NodeId author, Bytes payload, Instant published, int hops) {}

  /**
   * What became of a publication.
   *
   * @param id the message's id in hexadecimal
   * @param peers how many neighbours took it; 0 means that nobody but this node knows
   */
  record Published(String id, int peers) {}

  /** A subscription that can be ended. */
  interface Subscription extends AutoCloseable {
    /** How many messages were dropped because the subscriber was slower than the topic. */
    long dropped();

    @Override
    void close();
  }

  /** Tells the topic; local subscribers hear it too. */
  Published publish(String topic, Bytes payload, Options options);

  /**
   * Hears a topic; {@code subscriber} is called from one virtual thread of its own, behind a queue
   * of 1,024 messages.
   */
  Subscription subscribe(String topic, Consumer<Message> subscriber);

  @Override
  void close();
}

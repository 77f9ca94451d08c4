package dev.cis.gossip;

import dev.cis.gossip.proto.Rumour;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.time.Uptime;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.Swarm;
import java.time.Instant;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Publish and subscribe over the swarm. Thread-safe. */
public interface Gossip extends AutoCloseable {
  /** Starts gossiping with every peer of the swarm; messages are signed with {@code key}. */
  static Gossip start(KeyPair key, Swarm swarm, GossipConfig config) {
    return start(key, swarm, config, Uptime.CLOCK);
  }

  /** Starts gossiping by another clock. */
  static Gossip start(KeyPair key, Swarm swarm, GossipConfig config, Supplier<Now> clock) {
    return SwarmGossip.start(key, swarm, config, clock);
  }

  /** Longest topic in bytes. */
  int MAX_TOPIC = Rumour.MAX_TOPIC;

  /** Largest payload in bytes. */
  int MAX_PAYLOAD = Rumour.MAX_PAYLOAD;

  /**
   * How to publish.
   *
   * <p>Both bound only what is pushed at once. Whoever was left out is told within a second or two
   * by the repair, so in the end everyone hears.
   *
   * @param ttl links that the message is pushed over, at most 255; 0 chooses by the size of the
   *     network
   * @param probability the share of links on which each node pushes, above 0 and up to 1
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
   * @param peers to how many neighbours it is on its way; 0 means that nobody but this node knows
   *     yet, and a neighbour that comes within two minutes will be told
   */
  record Published(String id, int peers) {}

  /** A subscription that can be ended. */
  interface Subscription extends AutoCloseable {
    /** How many messages were dropped because the subscriber was slower than the topic. */
    long dropped();

    @Override
    void close();
  }

  /**
   * Tells the topic; local subscribers hear it too.
   *
   * @throws dev.cis.kernel.fault.Fault {@code gossip.bad-message}, {@code gossip.busy}, {@code
   *     gossip.closed}
   */
  Published publish(String topic, Bytes payload, Options options);

  /**
   * Hears a topic; {@code subscriber} is called from one virtual thread of its own, behind a queue
   * of 1,024 messages. What a subscriber throws is logged and does not end the subscription.
   *
   * @throws dev.cis.kernel.fault.Fault {@code gossip.bad-message} for a malformed topic, {@code
   *     gossip.busy} when there are 1,024 subscriptions, {@code gossip.closed}
   */
  Subscription subscribe(String topic, Consumer<Message> subscriber);

  @Override
  void close();
}

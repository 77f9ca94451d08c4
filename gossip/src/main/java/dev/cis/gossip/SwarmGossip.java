package dev.cis.gossip;

import dev.cis.gossip.proto.GossipFrame;
import dev.cis.gossip.proto.GossipInput;
import dev.cis.gossip.proto.GossipMachine;
import dev.cis.gossip.proto.GossipOutput;
import dev.cis.gossip.proto.Rumour;
import dev.cis.gossip.proto.RumourId;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.transport.PeerLink;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the machine on a swarm: one stream to each peer and one from each. */
final class SwarmGossip implements Gossip, Swarm.PeerListener {
  static final ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/gossip/1.0");

  private static final Logger LOG = LoggerFactory.getLogger(SwarmGossip.class);
  private static final int MAILBOX = 1_024;
  private static final int MAX_SUBSCRIBERS = 1_024;
  private static final Duration PUBLISHING = Duration.ofSeconds(10);
  private static final Duration MEASURING = Duration.ofSeconds(10);
  private static final Duration WARNING = Duration.ofMinutes(1);

  /** A publication under way; the count is touched by the loop's thread only. */
  private static final class Pending {
    final CompletableFuture<Integer> done = new CompletableFuture<>();
    int taken;
  }

  private final KeyPair key;
  private final NodeId self;
  private final Swarm swarm;
  private final GossipConfig config;
  private final Supplier<Now> clock;
  private final Codec<GossipFrame> codec;
  private final Loop<GossipInput, GossipOutput> loop;
  private final BlockingQueue<GossipInput> comingAndGoing = new ArrayBlockingQueue<>(16_384);
  private final Map<NodeId, Outbox> outboxes = new ConcurrentHashMap<>();
  private final Map<NodeId, Stream> inbound = new ConcurrentHashMap<>();
  private final Map<RumourId, Pending> pending = new ConcurrentHashMap<>();
  private final List<Subscriber> subscribers = new CopyOnWriteArrayList<>();
  private final AtomicLong lastSequence = new AtomicLong();
  private final CopyOnWriteArrayList<AutoCloseable> started = new CopyOnWriteArrayList<>();
  private volatile int networkSize = 1;
  private volatile @Nullable Duration measured;
  private volatile boolean closed;
  private @Nullable Duration warned;
  private @Nullable GossipFrame lastFrame;
  private byte[] lastBytes = {};

  private SwarmGossip(KeyPair key, Swarm swarm, GossipConfig config, Supplier<Now> clock) {
    this.key = key;
    this.self = key.nodeId();
    this.swarm = swarm;
    this.config = config;
    this.clock = clock;
    this.codec = GossipFrame.codec(new Verified()::verify);
    var machine = new GossipMachine(self, config.bounds(), new SplittableRandom());
    this.loop = new Loop<>("gossip", machine, MAILBOX, clock, this::effect);
  }

  static SwarmGossip start(KeyPair key, Swarm swarm, GossipConfig config, Supplier<Now> clock) {
    var gossip = new SwarmGossip(key, swarm, config, clock);
    var thread = Thread.ofVirtual().name("gossip-peers").start(gossip::followPeers);
    gossip.started.add(thread::interrupt);
    gossip.started.add(swarm.handle(PROTOCOL, gossip::serve));
    gossip.started.add(swarm.listen(gossip));
    return gossip;
  }

  @Override
  public Published publish(String topic, Bytes payload, Options options) {
    requireOpen();
    measure();
    int ttl = options.ttl() == 0 ? GossipMachine.defaultTtl(networkSize) : options.ttl();
    Rumour rumour;
    try {
      rumour = Rumour.sign(key, nextSequence(), topic, payload, ttl, options.probability());
    } catch (Fault e) {
      throw badMessage(e);
    }
    var waiting = new Pending();
    pending.put(rumour.id(), waiting);
    try {
      loop.put(new GossipInput.Publish(rumour));
      int taken = waiting.done.get(PUBLISHING.toNanos(), TimeUnit.NANOSECONDS);
      return new Published(rumour.id().hex(), taken);
    } catch (TimeoutException | ExecutionException e) {
      requireOpen();
      throw new Fault(GossipCode.BUSY, "gossip did not take the message within 10 s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Fault(GossipCode.CLOSED, "publishing was interrupted", e);
    } finally {
      pending.remove(rumour.id());
    }
  }

  @Override
  public Subscription subscribe(String topic, Consumer<Message> consumer) {
    requireOpen();
    try {
      Rumour.unsigned(self, 1, topic, Bytes.EMPTY, 1, 1);
    } catch (Fault e) {
      throw badMessage(e);
    }
    synchronized (subscribers) {
      if (subscribers.size() >= MAX_SUBSCRIBERS) {
        throw new Fault(
            GossipCode.BUSY, "there are " + MAX_SUBSCRIBERS + " subscriptions already; end some");
      }
      var subscriber = Subscriber.start(topic, consumer, subscribers::remove);
      subscribers.add(subscriber);
      return subscriber;
    }
  }

  @Override
  public void up(PeerLink link) {
    follow(new GossipInput.PeerUp(link.peer()));
  }

  @Override
  public void down(NodeId node, String reason) {
    follow(new GossipInput.PeerDown(node));
  }

  @Override
  public void close() {
    closed = true;
    for (var each : started.reversed()) {
      try {
        each.close();
      } catch (Exception e) {
        LOG.warn("event=gossip-close-failed", e);
      }
    }
    loop.close();
    inbound.values().forEach(stream -> stream.reset(Kind.UNREACHABLE));
    outboxes.values().forEach(Outbox::close);
    subscribers.forEach(Subscriber::close);
    var stopping = new Fault(GossipCode.CLOSED, "this node is stopping");
    pending.values().forEach(each -> each.done.completeExceptionally(stopping));
  }

  private void requireOpen() {
    if (closed) {
      throw new Fault(GossipCode.CLOSED, "this node is stopping");
    }
  }

  private static Fault badMessage(Fault cause) {
    return new Fault(GossipCode.BAD_MESSAGE, String.valueOf(cause.getMessage()), cause);
  }

  private long nextSequence() {
    long now = RumourId.sequenceAt(clock.get().wall());
    return lastSequence.updateAndGet(last -> Math.max(last + 1, now));
  }

  /** The swarm's listener must not block, the loop's mailbox may be full: a queue between them. */
  private void follow(GossipInput change) {
    if (!comingAndGoing.offer(change)) {
      LOG.error("event=gossip-peers-overflow change={}", change);
    }
  }

  private void followPeers() {
    try {
      while (!closed) {
        var change = comingAndGoing.take();
        if (change instanceof GossipInput.PeerDown(var peer) && swarm.link(peer).isEmpty()) {
          var outbox = outboxes.remove(peer);
          if (outbox != null) {
            outbox.close();
          }
        }
        loop.put(change);
        measure();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Counts the known nodes, now and then. */
  private void measure() {
    var now = clock.get().uptime();
    var before = measured;
    if (before == null || now.minus(before).compareTo(MEASURING) >= 0) {
      measured = now;
      networkSize = 1 + Math.max(swarm.book().entries().size(), swarm.members().size());
      loop.offer(new GossipInput.NetworkSize(networkSize));
    }
  }

  private void serve(Stream stream) throws InterruptedException {
    var peer = stream.peer();
    stream.deadline(null);
    var previous = inbound.put(peer, stream);
    if (previous != null) {
      previous.reset(Kind.CONFLICT); // one stream from each peer
    }
    var pace = new Pace(config.receiveFramesPerSecond(), () -> clock.get().uptime().toNanos());
    try {
      loop.put(new GossipInput.PeerUp(peer)); // the listener may not have heard of it yet
      for (var bytes = receive(stream); bytes != null && !closed; bytes = receive(stream)) {
        pace.await();
        var frame = admitted(decode(peer, bytes));
        if (frame != null) {
          loop.put(new GossipInput.Received(peer, frame));
        }
      }
    } finally {
      inbound.remove(peer, stream);
    }
  }

  private static byte @Nullable [] receive(Stream stream) {
    return stream.receive(GossipFrame.MAX_FRAME);
  }

  private GossipFrame decode(NodeId peer, byte[] bytes) {
    try {
      return codec.decode(bytes);
    } catch (Fault e) {
      LOG.warn("event=gossip-bad-frame peer={} reason=\"{}\"", peer.brief(), e.getMessage());
      throw e; // breaks off the stream
    }
  }

  /** Without what was written by nodes that are shut out, whoever passes it on; null if all was. */
  private @Nullable GossipFrame admitted(GossipFrame frame) {
    var admission = swarm.admission();
    return switch (frame) {
      case GossipFrame.Push(var rumour, _) ->
          admission.admitsAuthor(rumour.id().author()) ? frame : null;
      case GossipFrame.Have(var ids, var answer) -> {
        var admitted = ids.stream().filter(id -> admission.admitsAuthor(id.author())).toList();
        yield admitted.size() == ids.size() ? frame : new GossipFrame.Have(admitted, answer);
      }
      case GossipFrame.Want want -> want;
    };
  }

  private void effect(GossipOutput output) {
    switch (output) {
      case GossipOutput.Send(var to, var frame) -> send(to, frame);
      case GossipOutput.Deliver(var rumour, var hops) -> deliver(rumour, hops);
      case GossipOutput.Published(var id, _) -> {
        var waiting = pending.get(id);
        if (waiting != null) {
          waiting.done.complete(waiting.taken);
        }
      }
      case GossipOutput.Refused refused -> report(refused);
    }
  }

  private void send(NodeId to, GossipFrame frame) {
    var outbox = outboxes.get(to);
    if (outbox == null) {
      if (closed || swarm.link(to).isEmpty()) {
        follow(new GossipInput.PeerDown(to));
        return;
      }
      outbox = outboxes.computeIfAbsent(to, peer -> Outbox.start(swarm, peer, config));
    }
    if (outbox.offer(encoded(frame))
        && frame instanceof GossipFrame.Push(var rumour, _)
        && rumour.id().author().equals(self)) {
      var waiting = pending.get(rumour.id());
      if (waiting != null) {
        waiting.taken++;
      }
    }
  }

  /** The same frame goes to many neighbours in a row: it is encoded once. */
  @SuppressWarnings("ReferenceEquality")
  private byte[] encoded(GossipFrame frame) {
    if (lastFrame != frame) {
      lastBytes = codec.encode(frame);
      lastFrame = frame;
    }
    return lastBytes;
  }

  private void deliver(Rumour rumour, int hops) {
    Message message = null;
    for (var subscriber : subscribers) {
      if (subscriber.topic().equals(rumour.topic())) {
        if (message == null) {
          var id = rumour.id();
          message =
              new Message(rumour.topic(), id.author(), rumour.payload(), id.published(), hops);
        }
        subscriber.tell(message);
      }
    }
  }

  private void report(GossipOutput.Refused refused) {
    var now = clock.get().uptime();
    var id = refused.id();
    if (refused.reason() == GossipOutput.Reason.FUTURE
        && (warned == null || now.minus(warned).compareTo(WARNING) >= 0)) {
      warned = now;
      LOG.warn(
          "event=gossip-clock author={} published={} hint=\"compare the clocks of both machines\"",
          id.author().brief(),
          id.published());
    } else {
      LOG.debug(
          "event=gossip-refused from={} author={} reason={}",
          refused.from().brief(),
          id.author().brief(),
          refused.reason());
    }
  }
}

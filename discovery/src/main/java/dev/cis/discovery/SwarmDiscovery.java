package dev.cis.discovery;

import dev.cis.discovery.proto.Candidate;
import dev.cis.discovery.proto.Dial;
import dev.cis.discovery.proto.Scheduler;
import dev.cis.discovery.proto.SchedulerInput;
import dev.cis.discovery.proto.Source;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.transport.Address;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerLink;
import dev.cis.transport.PeerLocator;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportCode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the scheduler on a swarm and feeds it from the LAN, the list and the address book. */
final class SwarmDiscovery implements Discovery, Swarm.PeerListener, Lan.Ear {
  private static final Logger LOG = LoggerFactory.getLogger(SwarmDiscovery.class);
  private static final int MAILBOX = 8_192;
  private static final int MAX_REMEMBERED = 64;

  private final Swarm swarm;
  private final DiscoveryConfig config;
  private final Supplier<Now> clock;
  private final Sightings sightings = new Sightings();
  private final Map<String, PeerLocator> bootstrap = new HashMap<>();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private @Nullable Loop<SchedulerInput, Dial> loop;
  private Swarm.@Nullable Registration listening;
  private volatile @Nullable Lan lan;

  SwarmDiscovery(Swarm swarm, DiscoveryConfig config, Supplier<Now> clock) {
    this.swarm = swarm;
    this.config = config;
    this.clock = clock;
    config.bootstrap().forEach(entry -> bootstrap.put(entry.toString(), entry));
  }

  @Override
  public synchronized void start() {
    if (loop != null || stopped.getCount() == 0) {
      return;
    }
    var scheduler = new Scheduler(config.limits(), new SplittableRandom());
    loop = new Loop<>("discovery", scheduler, MAILBOX, clock, this::dial);
    listening = swarm.listen(this);
    bootstrap.forEach((key, entry) -> {
      var candidate = new Candidate(key, Source.BOOTSTRAP);
      sightings.seen(candidate, entry.node(), entry.alias(), List.of(entry.address()), null);
      tell(new SchedulerInput.Found(candidate));
    });
    remember();
    if (config.mdns()) {
      lan = new Lan(swarm.self(), swarm.localAddresses(), config, this);
    }
    Thread.ofVirtual().name("discovery-rescan").start(this::rescan);
  }

  @Override
  public void trigger(String reason) {
    LOG.info("event=discovery-triggered reason=\"{}\"", reason);
    tell(new SchedulerInput.Triggered());
  }

  @Override
  public List<Found> found() {
    return sightings.all();
  }

  @Override
  public void close() {
    stopped.countDown();
    Loop<SchedulerInput, Dial> running;
    synchronized (this) {
      running = loop;
      if (listening != null) {
        listening.close();
      }
    }
    var announcing = lan;
    if (announcing != null) {
      announcing.close();
    }
    if (running != null) {
      running.close();
    }
  }

  @Override
  public void up(PeerLink link) {
    tell(new SchedulerInput.Connected(link.peer()));
  }

  @Override
  public void down(NodeId node, String reason) {
    tell(new SchedulerInput.Disconnected(node));
  }

  @Override
  public void resolved(NodeId node, List<Address> addresses) {
    var candidate = new Candidate(node.toString(), Source.MDNS);
    // Only a suggestion: whoever answers there must prove to be this node.
    addresses.forEach(address -> swarm.book().suggest(node, address, Source.MDNS.text()));
    var name = swarm.book().find(node).map(PeerBook.Entry::displayName).orElse("");
    sightings.seen(candidate, node, name, addresses, clock.get().wall());
    tell(new SchedulerInput.Found(candidate));
  }

  @Override
  public void gone(NodeId node) {
    var candidate = new Candidate(node.toString(), Source.MDNS);
    sightings.gone(candidate);
    tell(new SchedulerInput.Lost(candidate));
  }

  private void tell(SchedulerInput input) {
    Loop<SchedulerInput, Dial> running;
    synchronized (this) {
      running = loop;
    }
    if (running != null && !running.offer(input) && stopped.getCount() > 0) {
      LOG.warn("event=discovery-overflow input={}", input);
    }
  }

  /** Peers of the last run: dialled when there are too few. */
  private void remember() {
    swarm.book().entries().stream()
        .filter(entry -> !entry.manual())
        .filter(entry -> entry.addresses().stream().anyMatch(a -> a.lastSuccess() != null))
        .limit(MAX_REMEMBERED)
        .forEach(entry -> {
          var candidate = new Candidate(entry.node().toString(), Source.REMEMBERED);
          sight(candidate, entry);
          tell(new SchedulerInput.Found(candidate));
        });
  }

  private void sight(Candidate candidate, PeerBook.Entry entry) {
    var addresses = entry.addresses().stream().map(PeerBook.Known::address).toList();
    var name = entry.displayName();
    sightings.seen(candidate, entry.node(), name, addresses, entry.lastSeen());
  }

  private void rescan() {
    var kept = new HashSet<NodeId>();
    try {
      do {
        var announcing = lan;
        if (announcing != null) {
          announcing.refresh();
        }
        keepManual(kept);
      } while (!stopped.await(config.rescan().toNanos(), TimeUnit.NANOSECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void keepManual(Set<NodeId> kept) {
    var manual = new HashSet<NodeId>();
    for (var entry : swarm.book().entries()) {
      if (!entry.manual()) {
        continue;
      }
      manual.add(entry.node());
      sight(new Candidate(entry.node().toString(), Source.MANUAL), entry);
      if (kept.add(entry.node())) { // once: a user may disconnect it later
        swarm.keep(entry.node());
      }
    }
    for (var node : List.copyOf(kept)) {
      if (!manual.contains(node)) {
        kept.remove(node);
        swarm.release(node);
        sightings.gone(new Candidate(node.toString(), Source.MANUAL));
      }
    }
  }

  private void dial(Dial dial) {
    Thread.ofVirtual().name("discovery-dial").start(() -> connect(dial));
  }

  private void connect(Dial dial) {
    var candidate = dial.candidate();
    try {
      var locator = bootstrap.get(candidate.key());
      var node =
          locator == null
              ? swarm.connect(NodeId.parse(candidate.key()), config.dialTimeout()).peer()
              : bootstrapFrom(locator);
      sightings.reached(candidate, node, clock.get().wall());
      LOG.info("event=discovery-connected peer={} source={}", node, candidate.source().text());
      tell(new SchedulerInput.Reached(candidate, node));
    } catch (RuntimeException e) {
      // A defect below counts as a failed dial too, or the scheduler would wait for ever.
      var why = Objects.requireNonNullElse(e.getMessage(), e.toString());
      sightings.failed(candidate, why);
      LOG.info(
          "event=discovery-dial-failed candidate={} source={} attempt={} reason=\"{}\"",
          candidate.key(),
          candidate.source().text(),
          dial.attempt(),
          why);
      boolean refused =
          e instanceof Fault fault
              && (fault.code() == TransportCode.REFUSED
                  || fault.code() == TransportCode.NOT_ADMITTED);
      tell(refused ? new SchedulerInput.Refused(candidate) : new SchedulerInput.Failed(candidate));
    }
  }

  private NodeId bootstrapFrom(PeerLocator locator) {
    var node = locator.node();
    if (node != null) {
      swarm.book().suggest(node, locator.address(), Source.BOOTSTRAP.text());
      return swarm.connect(node, config.dialTimeout()).peer();
    }
    var peer = swarm.connect(locator.address(), config.dialTimeout()).peer();
    if (!locator.alias().isEmpty()) {
      pin(peer, locator);
    }
    return peer;
  }

  /** An alias belongs to whoever answered under it first. */
  private void pin(NodeId peer, PeerLocator locator) {
    try {
      swarm.book().addManual(peer, locator.address(), locator.alias());
    } catch (Fault e) {
      swarm.disconnect(peer);
      throw e;
    }
  }
}

package dev.cis.nat;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.nat.proto.AddressState;
import dev.cis.nat.proto.AddressState.Origin;
import dev.cis.nat.proto.ReachInput;
import dev.cis.nat.proto.ReachInput.Candidate;
import dev.cis.nat.proto.ReachInput.Outcome;
import dev.cis.nat.proto.ReachInput.Sighting;
import dev.cis.nat.proto.ReachOutput;
import dev.cis.nat.proto.ReachTimes;
import dev.cis.nat.proto.Reachability;
import dev.cis.transport.Address;
import dev.cis.transport.Link;
import dev.cis.transport.Swarm;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows at which addresses the internet reaches this node, and says which of them belong into its
 * record. Looks at sockets and peers every few seconds, and has connected anchors try the
 * addresses.
 */
public final class OwnAddresses implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OwnAddresses.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(2);

  /** More than this between two looks: the machine slept, or the process was stopped. */
  private static final Duration SUSPENDED = Duration.ofSeconds(20);

  private static final Duration WAIT = Duration.ofSeconds(3);
  private static final int MAILBOX = 256;

  private final Swarm swarm;
  private final DialBack dialBack;
  private final Supplier<List<NodeId>> anchors;
  private final List<Address> configured;
  private final Events events;
  private final Supplier<Now> clock;
  private final Loop<ReachInput, ReachOutput> loop;
  private final Thread watcher;
  private volatile List<Address> mapped = List.of();
  private volatile List<AddressState> look = List.of();
  private List<Address> announced;
  private boolean closed;

  /** Who hears of changes. */
  public interface Events {
    /**
     * What the record should name beside what sockets are bound to, best first; whenever that
     * changes.
     */
    void announce(List<Address> external);

    /** Addresses came or went, or time was lost: routers may be others now. */
    void networkChanged();
  }

  private OwnAddresses(
      Swarm swarm,
      DialBack dialBack,
      Supplier<List<NodeId>> anchors,
      List<Address> configured,
      Events events,
      Supplier<Now> clock) {
    this.swarm = swarm;
    this.dialBack = dialBack;
    this.anchors = anchors;
    this.configured = List.copyOf(configured);
    this.announced = this.configured;
    this.events = events;
    this.clock = clock;
    var machine = new Reachability(ReachTimes.DEFAULT, new SecureRandom());
    this.loop = new Loop<>("own-addresses", machine, MAILBOX, clock, this::perform);
    this.watcher = Thread.ofVirtual().name("own-addresses-watch").unstarted(this::watch);
  }

  /**
   * Begins.
   *
   * @param anchors those that are connected now and answer {@link DialBack}
   * @param configured what the operator says; always announced
   */
  public static OwnAddresses start(
      Swarm swarm,
      DialBack dialBack,
      Supplier<List<NodeId>> anchors,
      List<Address> configured,
      Events events,
      Supplier<Now> clock) {
    var own = new OwnAddresses(swarm, dialBack, anchors, configured, events, clock);
    own.watcher.start();
    return own;
  }

  /** Takes the addresses that routers have given, in the place of those before. */
  public synchronized void mapped(List<Address> external) {
    mapped = List.copyOf(external);
    notifyAll(); // looked at without delay
  }

  /** Every address, and what is known of it. */
  public List<AddressState> look() {
    return look;
  }

  private void watch() {
    ReachInput.Around before = null;
    var local = Set.copyOf(swarm.localAddresses());
    var last = clock.get().uptime();
    try {
      while (true) {
        var around = around();
        if (!around.equals(before) && loop.offer(around)) {
          before = around;
        }
        synchronized (this) {
          if (!closed) {
            wait(LOOK_EVERY.toMillis());
          }
          if (closed) {
            return;
          }
        }
        var present = Set.copyOf(swarm.localAddresses());
        var now = clock.get().uptime();
        if (!present.equals(local) || now.minus(last).compareTo(SUSPENDED) > 0) {
          local = present;
          LOG.info("event=network-changed addresses={}", present);
          var _ = loop.offer(new ReachInput.Again());
          events.networkChanged();
        }
        last = now;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private ReachInput.Around around() {
    var candidates = new ArrayList<Candidate>();
    configured.forEach(each -> candidates.add(new Candidate(each, Origin.CONFIGURED)));
    mapped.forEach(each -> candidates.add(new Candidate(each, Origin.MAPPED)));
    swarm.localAddresses().stream()
        .filter(each -> !each.isLoopback())
        .forEach(each -> candidates.add(new Candidate(each, Origin.LOCAL)));
    var sightings = new ArrayList<Sighting>();
    for (var link : swarm.links(Link.DIRECT, ReachInput.MAX_SIGHTINGS)) {
      var us = link.observed();
      if (us != null) {
        sightings.add(new Sighting(link.peer(), link.remote(), us));
      }
    }
    return new ReachInput.Around(candidates, sightings, anchors.get());
  }

  private void perform(ReachOutput output) {
    switch (output) {
      case ReachOutput.Ask(var anchor, var address) ->
          Thread.ofVirtual().name("dial-back-ask").start(() -> ask(anchor, address));
      case ReachOutput.Changed(var addresses) -> changed(addresses);
    }
  }

  private void ask(NodeId anchor, Address address) {
    var outcome = Outcome.FAILED;
    var seen = "";
    try {
      var result = dialBack.ask(anchor, address.port(), WAIT);
      outcome =
          switch (result.verdict()) {
            case REACHED -> Outcome.REACHED;
            case SILENT -> Outcome.SILENT;
            case TOO_OFTEN -> Outcome.TOO_OFTEN;
            case IMPOSSIBLE -> Outcome.IMPOSSIBLE;
          };
      seen = result.seen().isEmpty() ? "" : Address.parse(result.seen()).toString();
    } catch (Fault e) {
      outcome = Outcome.FAILED;
      LOG.debug("event=dial-back-failed anchor={} reason=\"{}\"", anchor.brief(), e.getMessage());
    }
    LOG.debug(
        "event=dial-back anchor={} address={} outcome={} seen={}",
        anchor.brief(),
        address,
        outcome,
        seen);
    var _ = loop.offer(new ReachInput.Answered(anchor, address, outcome, seen));
  }

  private void changed(List<AddressState> addresses) {
    for (var each : addresses) {
      var before = find(look, each.address());
      if (before == null || before.state() != each.state()) {
        LOG.info(
            "event=address-{} address={} origins={} reason=\"{}\"",
            each.state().name().toLowerCase(java.util.Locale.ROOT),
            each.address(),
            each.origins(),
            each.reason());
      }
    }
    look = addresses;
    var now = Reachability.announced(addresses);
    if (!now.equals(announced)) {
      announced = now;
      events.announce(now);
    }
  }

  private static @Nullable AddressState find(List<AddressState> in, Address address) {
    return in.stream().filter(each -> each.address().equals(address)).findFirst().orElse(null);
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    loop.close();
    try {
      watcher.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

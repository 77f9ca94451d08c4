package dev.cis.discovery;

import dev.cis.discovery.proto.SchedulerInput;
import dev.cis.discovery.proto.SchedulerOutput.Dial;
import dev.cis.discovery.proto.Source;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.transport.PeerLocator;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportCode;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out dials, each on a thread of its own. A name on the bootstrap list is resolved anew
 * with each, and all its addresses are tried.
 */
final class Attempts {
  private static final Logger LOG = LoggerFactory.getLogger(Attempts.class);

  private final Swarm swarm;
  private final DiscoveryConfig config;
  private final Map<String, PeerLocator> bootstrap;
  private final Sightings sightings;
  private final Supplier<Now> clock;
  private final Consumer<SchedulerInput> told;

  Attempts(
      Swarm swarm,
      DiscoveryConfig config,
      Map<String, PeerLocator> bootstrap,
      Sightings sightings,
      Supplier<Now> clock,
      Consumer<SchedulerInput> told) {
    this.swarm = swarm;
    this.config = config;
    this.bootstrap = Map.copyOf(bootstrap);
    this.sightings = sightings;
    this.clock = clock;
    this.told = told;
  }

  void begin(Dial dial) {
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
      told.accept(new SchedulerInput.Reached(candidate, node));
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
      told.accept(
          refused ? new SchedulerInput.Refused(candidate) : new SchedulerInput.Failed(candidate));
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
      boolean _ = swarm.hangUp(peer, "its alias belongs to another peer");
      throw e;
    }
  }
}

package dev.cis.node;

import dev.cis.blobs.Blobs;
import dev.cis.deploy.Deployments;
import dev.cis.deploy.trust.Publishers;
import dev.cis.dht.Routing;
import dev.cis.discovery.Discovery;
import dev.cis.gossip.Gossip;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.time.Uptime;
import dev.cis.nat.AnchorClock;
import dev.cis.nat.Datagrams;
import dev.cis.nat.DialBack;
import dev.cis.nat.DialBackService;
import dev.cis.nat.StunClient;
import dev.cis.nat.relay.RelayService;
import dev.cis.sync.ReplicatedMemory;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.quic.RawDatagrams;
import dev.cis.transport.realm.RealmExchange;
import dev.cis.transport.realm.Realms;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the rooms of a node in order, and takes everything back when one fails. */
final class Assembly {
  private static final Logger LOG = LoggerFactory.getLogger(Assembly.class);

  private final Deque<Node.Part> parts = new ArrayDeque<>();

  private Assembly() {}

  /** How the swarm is made: over QUIC, or in memory for tests. */
  @FunctionalInterface
  interface SwarmOpener {
    Swarm open(
        KeyPair key,
        TransportConfig config,
        PeerBook book,
        PeerDescription description,
        Admission admission,
        RawDatagrams raw);
  }

  static Node start(Home home, NodeConfig config, SwarmOpener opener) {
    if (!config.p2p().enabled()) {
      throw new Fault(
          NodeCode.BAD_CONFIG, home.config() + ": p2p.enabled = false: this node is switched off");
    }
    home.create();
    var assembly = new Assembly();
    try {
      var node = assembly.node(home, config, opener);
      node.begin();
      return node;
    } catch (RuntimeException e) {
      Node.stop(assembly.parts);
      throw e;
    }
  }

  private Node node(Home home, NodeConfig config, SwarmOpener opener) {
    keep("lock", HomeLock.take(home));
    sweep(home);
    var key = home.readIdentity();
    var realms = realms(home, config, key);
    var book = keep("peer-book", StoredPeerBook.open(home.peers()));
    var description =
        Node.description(config, config.labels(), config.p2p().externalAddress(), List.of());
    boolean anchor = config.p2p().anchor();
    var datagrams =
        keep(
            "datagrams",
            anchor
                ? Datagrams.ofAnchor(config.anchor(), Uptime.CLOCK)
                : Datagrams.ofNode(Uptime.CLOCK));
    var swarm =
        keep("swarm", opener.open(key, config.transport(), book, description, realms, datagrams));
    if (anchor) {
      keep("clock", AnchorClock.serve(swarm, Uptime.CLOCK));
    }
    if (anchor && config.anchor().dialBack()) {
      keep("dial-back", DialBackService.start(swarm, config.anchor(), Uptime.CLOCK));
    }
    var relaying =
        anchor && config.relay().enabled()
            ? keep(
                "relay",
                RelayService.start(swarm, realms::home, config.relay(), datagrams, Uptime.CLOCK))
            : null;
    keep("realm-exchange", RealmExchange.start(swarm, realms));
    var gossip = keep("gossip", Gossip.start(key, swarm, config.gossip()));
    var routing = config.p2p().enableDht() ? routing(home, config, key, swarm) : null;
    var memory =
        keep("memory", ReplicatedMemory.open(home.memory(), key, swarm, gossip, config.sync()));
    var blobs = keep("blobs", Blobs.open(home.blobs(), swarm, config.blobs()));
    var deployments =
        keep(
            "deployments",
            Deployments.start(
                home.deploy(),
                key,
                swarm,
                memory.memory(),
                blobs,
                Publishers.open(home.trusted()),
                config.deploy()));
    var leads = new ArrayList<>(config.discovery().bootstrap());
    leads.addAll(realms.anchors());
    var discovery =
        keep("discovery", Discovery.create(swarm, config.discovery().withBootstrap(leads)));
    if (config.p2p().enableDht()) {
      var meeting = keep("meeting", new AnchorMeeting(home, config, key, swarm, realms));
      discovery.addMeetingPlace(meeting);
      meeting.start();
    }
    discovery.start();
    return new Node(
        home,
        config,
        new Node.Rooms(
            key,
            realms,
            swarm,
            gossip,
            routing,
            discovery,
            new DialBack(swarm, datagrams),
            StunClient.of(datagrams, Uptime.CLOCK),
            datagrams,
            relaying,
            memory.memory(),
            memory.sync(),
            blobs,
            deployments),
        parts);
  }

  /** The realms; a node that is in none founds one of its own. */
  private static Realms realms(Home home, NodeConfig config, KeyPair key) {
    var realms = Realms.open(home.realms(), key, config.access());
    if (realms.isEmpty()) {
      var own = realms.create(config.realmName());
      LOG.info("event=realm-founded realm={} name={}", own.id(), own.name());
    }
    return realms;
  }

  private Routing routing(Home home, NodeConfig config, KeyPair key, Swarm swarm) {
    var routing = keep("dht", Routing.start(key, swarm, home.dhtTable(), config.dht()));
    keep("dht-join", new DhtJoin(swarm, routing));
    return routing;
  }

  /** What a daemon that was killed left of uploads. */
  private static void sweep(Home home) {
    try (var left = Files.newDirectoryStream(home.directory(), "upload-*.p2p")) {
      for (var file : left) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new Fault(NodeCode.BAD_HOME, "cannot clean " + home + ": " + e, e);
    }
  }

  private <T extends AutoCloseable> T keep(String name, T part) {
    parts.push(new Node.Part(name, part));
    return part;
  }
}

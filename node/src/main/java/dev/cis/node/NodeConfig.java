package dev.cis.node;

import dev.cis.blobs.BlobsConfig;
import dev.cis.deploy.DeployConfig;
import dev.cis.dht.DhtConfig;
import dev.cis.discovery.DiscoveryConfig;
import dev.cis.gossip.GossipConfig;
import dev.cis.kernel.fault.Fault;
import dev.cis.nat.AnchorConfig;
import dev.cis.nat.NatConfig;
import dev.cis.nat.mapping.MappingConfig;
import dev.cis.nat.relay.RelayConfig;
import dev.cis.sync.SyncConfig;
import dev.cis.transport.PeerLocator;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.realm.AccessConfig;
import dev.cis.transport.realm.Realms;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything that can be set, as the rooms want it.
 *
 * @param naming {@code [node]}
 * @param labels {@code [labels]}: by these others choose where to deploy
 * @param p2p {@code [p2p]}
 * @param access {@code [access]}
 * @param transport {@code [transport]}, with the listen addresses of {@code [p2p]}
 * @param discovery {@code [discovery]}, with mDNS and bootstrap of {@code [p2p]}
 * @param anchor {@code [anchor]}
 * @param relay {@code [relay]}
 * @param mapping {@code [mapping]}
 * @param nat {@code [nat]}
 * @param dht {@code [dht]}, with the mode of {@code [p2p]}
 * @param gossip {@code [gossip]}
 * @param sync {@code [sync]}
 * @param blobs {@code [blobs]}
 * @param deploy {@code [deploy]}
 */
public record NodeConfig(
    Naming naming,
    SortedMap<String, String> labels,
    PeerToPeer p2p,
    AccessConfig access,
    TransportConfig transport,
    DiscoveryConfig discovery,
    AnchorConfig anchor,
    RelayConfig relay,
    MappingConfig mapping,
    NatConfig nat,
    DhtConfig dht,
    GossipConfig gossip,
    SyncConfig sync,
    BlobsConfig blobs,
    DeployConfig deploy) {
  /** The tables of the configuration file. */
  static final List<Section> SECTIONS =
      List.of(
          new Section("node", Naming.DEFAULT, Set.of()),
          new Section("p2p", PeerToPeer.DEFAULT, Set.of()),
          new Section("access", AccessConfig.DEFAULT, Set.of()),
          new Section("transport", TransportConfig.DEFAULT, Set.of("listen")),
          new Section("discovery", DiscoveryConfig.DEFAULT, Set.of("mdns", "bootstrap")),
          new Section("anchor", AnchorConfig.DEFAULT, Set.of()),
          new Section("relay", RelayConfig.DEFAULT, Set.of()),
          new Section("mapping", MappingConfig.DEFAULT, Set.of()),
          new Section("nat", NatConfig.DEFAULT, Set.of()),
          new Section("dht", DhtConfig.DEFAULT, Set.of("mode", "kademlia.lanOnly")),
          new Section("gossip", GossipConfig.DEFAULT, Set.of()),
          new Section("sync", SyncConfig.DEFAULT, Set.of()),
          new Section("blobs", BlobsConfig.DEFAULT, Set.of()),
          new Section("deploy", DeployConfig.DEFAULT, Set.of()));

  private static final List<Setting> SETTINGS =
      SECTIONS.stream().flatMap(section -> section.settings().stream()).toList();

  /** Copies the labels. */
  public NodeConfig {
    labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
  }

  /** Every key, in the order of the reference. */
  static List<Setting> settings() {
    return SETTINGS;
  }

  static NodeConfig of(Map<String, Record> sections, SortedMap<String, String> labels) {
    var p2p = section(sections, "p2p", PeerToPeer.class);
    return new NodeConfig(
        section(sections, "node", Naming.class),
        labels,
        p2p,
        section(sections, "access", AccessConfig.class),
        section(sections, "transport", TransportConfig.class).withListen(p2p.sockets()),
        section(sections, "discovery", DiscoveryConfig.class)
            .withMdns(p2p.enableMdns())
            .withBootstrap(p2p.bootstrap().stream().map(PeerLocator::parse).toList()),
        section(sections, "anchor", AnchorConfig.class),
        section(sections, "relay", RelayConfig.class),
        section(sections, "mapping", MappingConfig.class),
        section(sections, "nat", NatConfig.class),
        section(sections, "dht", DhtConfig.class).withMode(p2p.dhtMode()),
        section(sections, "gossip", GossipConfig.class),
        section(sections, "sync", SyncConfig.class),
        section(sections, "blobs", BlobsConfig.class),
        section(sections, "deploy", DeployConfig.class));
  }

  private static <R extends Record> R section(
      Map<String, Record> sections, String name, Class<R> type) {
    var record = sections.get(name);
    if (record == null) {
      throw new Fault(NodeCode.BAD_CONFIG, "the table [" + name + "] was not read");
    }
    return type.cast(record);
  }

  /** What a realm of this node's own is called when nothing else is said. */
  public String realmName() {
    return Realms.isName(name()) ? name() : "home";
  }

  /** What the node is called: configured, or the machine's host name. */
  public String name() {
    if (!naming.name().isEmpty()) {
      return naming.name();
    }
    try {
      var host = InetAddress.getLocalHost().getHostName();
      int dot = host.indexOf('.');
      var first = (dot > 0 ? host.substring(0, dot) : host).replaceAll("[^A-Za-z0-9._-]", "-");
      return first.isEmpty() ? "node" : first.substring(0, Math.min(64, first.length()));
    } catch (UnknownHostException e) {
      return "node";
    }
  }
}

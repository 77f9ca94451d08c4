package dev.cis.node;

import dev.cis.kernel.fault.Fault;
import java.net.InetAddress;
import java.net.UnknownHostException;
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
 */
public record NodeConfig(Naming naming, SortedMap<String, String> labels, PeerToPeer p2p) {
  /** The tables of the configuration file. */
  static final List<Section> SECTIONS =
      List.of(
          new Section("node", Naming.DEFAULT, Set.of()),
          new Section("p2p", PeerToPeer.DEFAULT, Set.of()));

  private static final List<Setting> SETTINGS =
      SECTIONS.stream().flatMap(section -> section.settings().stream()).toList();

  /** Copies the labels. */
  public NodeConfig {
    labels = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(labels));
  }

  /** Every key, in the order of the reference. */
  static List<Setting> settings() {
    return SETTINGS;
  }

  static NodeConfig of(Map<String, Record> sections, SortedMap<String, String> labels) {
    return new NodeConfig(
        section(sections, "node", Naming.class),
        labels,
        section(sections, "p2p", PeerToPeer.class));
  }

  private static <R extends Record> R section(
      Map<String, Record> sections, String name, Class<R> type) {
    var record = sections.get(name);
    if (record == null) {
      throw new Fault(NodeCode.BAD_CONFIG, "the table [" + name + "] was not read");
    }
    return type.cast(record);
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

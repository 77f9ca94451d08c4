package dev.cis.node;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code p2p.anchor = true} sets, where nothing else is said: limits with which one node
 * serves ten thousand others, most of them strangers and many behind one router.
 * docs/operating/anchor.md says why.
 */
final class AnchorPreset {
  /** Keys and values, as in the configuration file. */
  static final Map<String, String> VALUES =
      Collections.unmodifiableMap(
          new TreeMap<>(
              Map.ofEntries(
                  Map.entry("access.strangers", "served"),
                  Map.entry("p2p.dht_mode", "server"),
                  Map.entry("p2p.enable_mdns", "false"),
                  Map.entry("transport.max_connections", "12000"),
                  Map.entry("transport.high_water", "11000"),
                  Map.entry("transport.low_water", "10000"),
                  Map.entry("transport.max_connections_per_ip", "256"),
                  Map.entry("transport.max_connections_per_subnet", "1024"),
                  Map.entry("transport.max_connections_per_site", "2048"),
                  Map.entry("transport.max_connections_per_private_ip", "12000"),
                  // No more than are done before those who wait give up after ten seconds: else all
                  // work is for nothing when everybody comes back at once, and they come again.
                  Map.entry("transport.busy_handshakes", "64"),
                  Map.entry("transport.max_handshakes", "256"),
                  Map.entry("transport.max_handshakes_per_network", "64"),
                  Map.entry("transport.max_inbound_streams", "64"),
                  Map.entry("transport.max_streams_per_protocol", "32"),
                  Map.entry("transport.max_stream_rate", "1000"),
                  Map.entry("transport.max_memory", "512MiB"),
                  Map.entry("transport.max_memory_per_peer", "4MiB"),
                  Map.entry("transport.tls_sessions", "16384"),
                  // Half of it is for strangers (ADR 15).
                  Map.entry("relay.max_reservations", "24000"),
                  Map.entry("relay.max_circuits", "40000"),
                  // Each node keeps its record here and is registered where its realm meets.
                  Map.entry("dht.kept_records", "65536"),
                  Map.entry("dht.kept_bytes", "67108864"),
                  Map.entry("dht.served_at_once", "1024"))));

  private AnchorPreset() {}
}

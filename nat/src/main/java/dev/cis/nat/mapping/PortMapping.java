package dev.cis.nat.mapping;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.time.Uptime;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.MappingProtocol;
import dev.cis.nat.proto.Pcp;
import dev.cis.transport.Address;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the node's UDP port open at every default router of this machine, and tells under which
 * addresses of the internet it is. Looks at the routing table every few seconds, so another network
 * needs no restart. Closing it gives all mappings back.
 */
public final class PortMapping implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PortMapping.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(5);
  private static final String NONCE_DOMAIN = "cis-pcp-nonce/1";

  private final Supplier<List<Gateway>> network;
  private final java.util.function.Function<Gateway, GatewayLease> opener;
  private final Consumer<List<Address>> announce;
  private final Map<Gateway, GatewayLease> leases = new LinkedHashMap<>();
  private final Thread watcher;
  private final List<Address> announced = new ArrayList<>();
  private boolean closed;

  PortMapping(
      Supplier<List<Gateway>> network,
      java.util.function.Function<GatewayTold, GatewayLease> opener,
      Consumer<List<Address>> announce) {
    this.network = network;
    this.opener = gateway -> opener.apply(new GatewayTold(gateway, this::changed));
    this.announce = announce;
    this.watcher = Thread.ofVirtual().name("port-mapping").unstarted(this::watch);
  }

  /** A router, and whom to tell when the mapping there changes. */
  record GatewayTold(Gateway gateway, Runnable changed) {}

  /**
   * Begins to map a port.
   *
   * @param key makes the nonce of PCP, the same after a restart, so that what an earlier run left
   *     can be renewed
   * @param port the UDP port that the node is bound to
   * @param announce hears the external addresses whenever they change; those that are private
   *     (another router is before) too
   */
  public static PortMapping start(
      KeyPair key, int port, MappingConfig config, Consumer<List<Address>> announce) {
    var random = new SecureRandom();
    Supplier<Now> clock = Uptime.CLOCK;
    var mapping =
        new PortMapping(
            RoutingTable::gateways,
            told ->
                new GatewayLease(
                    told.gateway(),
                    mappers(told.gateway(), key, port),
                    GatewayLease.machine(port, config, random),
                    clock,
                    told.changed()),
            announce);
    mapping.begin();
    return mapping;
  }

  private static Map<MappingProtocol, Mapper> mappers(Gateway gateway, KeyPair key, int port) {
    return Map.of(
        MappingProtocol.PCP,
        PcpMapper.of(gateway, nonce(key, gateway, port), port),
        MappingProtocol.NAT_PMP,
        NatPmpMapper.of(gateway, port),
        MappingProtocol.UPNP,
        UpnpMapper.of(gateway, port));
  }

  /** Ed25519 signatures are deterministic, and nobody else can make this one. */
  private static Bytes nonce(KeyPair key, Gateway gateway, int port) {
    var text =
        String.join(
            "|",
            NONCE_DOMAIN,
            gateway.address().getHostAddress(),
            gateway.local().getHostAddress(),
            Integer.toString(port));
    byte[] signature = key.sign(text.getBytes(StandardCharsets.UTF_8));
    return Bytes.of(Arrays.copyOf(signature, Pcp.NONCE_BYTES));
  }

  void begin() {
    watcher.start();
  }

  private void watch() {
    try {
      while (!isClosed()) {
        follow(network.get());
        synchronized (this) {
          if (!closed) {
            wait(LOOK_EVERY.toMillis());
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private void follow(List<Gateway> present) {
    var gone = new ArrayList<GatewayLease>();
    synchronized (this) {
      if (closed) {
        return;
      }
      var before = new HashSet<>(leases.keySet());
      before.removeAll(present);
      for (var gateway : before) {
        LOG.info("event=gateway-gone gateway={}", gateway);
        gone.add(leases.remove(gateway));
      }
      for (var gateway : present) {
        if (!leases.containsKey(gateway)) {
          LOG.info("event=gateway-found gateway={}", gateway);
          leases.put(gateway, opener.apply(gateway));
        }
      }
    }
    if (!gone.isEmpty()) {
      gone.forEach(GatewayLease::close);
      changed();
    }
  }

  /** The network may have changed: routers that refused are asked again. */
  public void networkChanged() {
    List<GatewayLease> present;
    synchronized (this) {
      notifyAll();
      present = List.copyOf(leases.values());
    }
    present.forEach(GatewayLease::again);
  }

  /** How it stands at each router. */
  public List<Mapping> mappings() {
    List<GatewayLease> present;
    synchronized (this) {
      present = List.copyOf(leases.values());
    }
    return present.stream().map(GatewayLease::look).toList();
  }

  private void changed() {
    var external = new ArrayList<Address>();
    for (var mapping : mappings()) {
      var address = mapping.external();
      if (address != null) {
        external.add(address);
      }
    }
    synchronized (announced) {
      if (!isClosed() && !external.equals(announced)) {
        announced.clear();
        announced.addAll(external);
        announce.accept(List.copyOf(external));
      }
    }
  }

  @Override
  public void close() {
    List<GatewayLease> open;
    synchronized (this) {
      closed = true;
      open = List.copyOf(leases.values());
      leases.clear();
      notifyAll();
    }
    var threads =
        open.stream()
            .map(lease -> Thread.ofVirtual().name("mapping-end").start(lease::close))
            .toList();
    for (var thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}

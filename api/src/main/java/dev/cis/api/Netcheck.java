package dev.cis.api;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.time.Uptime;
import dev.cis.nat.Endpoints;
import dev.cis.nat.StunClient;
import dev.cis.nat.proto.Endpoint;
import dev.cis.nat.proto.NatBehaviour;
import dev.cis.nat.proto.Outlook;
import dev.cis.nat.proto.StunTransactions.Schedule;
import dev.cis.node.NodeConfig;
import dev.cis.transport.Address;
import dev.cis.transport.PeerLocator;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Puts together what STUN servers and anchors tell of the network. */
public final class Netcheck {
  private static final double NANOS = 1e6;

  private Netcheck() {}

  /**
   * One server as it was given, with an address of one family, or with the reason why it has none.
   */
  private record Server(Address given, @Nullable InetSocketAddress at, @Nullable String failure) {
    boolean isV6() {
      return at != null && at.getAddress() instanceof Inet6Address;
    }
  }

  /**
   * What was asked and said.
   *
   * @param behaviours by family, where a server was asked
   */
  record Seen(List<Result.NetcheckServer> servers, Map<String, NatBehaviour> behaviours) {}

  /**
   * The check without a node: from a socket of its own, so the outside port is not that of a node,
   * and without anchors.
   *
   * @param stun servers, {@code host:port}; none stands for those of the configuration, else for
   *     its bootstrap peers
   */
  public static Result.Netcheck alone(NodeConfig config, List<String> stun)
      throws InterruptedException {
    var servers = stun.stream().map(Address::parse).toList();
    if (servers.isEmpty()) {
      servers = configured(config);
    }
    if (servers.isEmpty()) {
      servers = bootstrap(config);
    }
    var seen = ask(StunClient.alone(Uptime.CLOCK), servers);
    return report(false, seen, List.of(), List.of(), false);
  }

  static List<Address> configured(NodeConfig config) {
    return config.nat().stun();
  }

  static List<Address> bootstrap(NodeConfig config) {
    return config.discovery().bootstrap().stream().map(PeerLocator::address).toList();
  }

  static Seen ask(StunClient client, List<Address> addresses) throws InterruptedException {
    var servers = addresses.stream().distinct().flatMap(a -> resolve(a).stream()).toList();
    var behaviours = new LinkedHashMap<String, NatBehaviour>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var asked = new LinkedHashMap<String, Future<NatBehaviour>>();
      for (boolean v6 : List.of(false, true)) {
        var family =
            servers.stream()
                .filter(s -> s.isV6() == v6)
                .map(Server::at)
                .filter(Objects::nonNull)
                .distinct()
                .toList();
        if (!family.isEmpty()) {
          asked.put(
              v6 ? "ipv6" : "ipv4", threads.submit(() -> client.discover(family, Schedule.BRISK)));
        }
      }
      for (var entry : asked.entrySet()) {
        behaviours.put(entry.getKey(), join(entry.getValue()));
      }
    }
    return new Seen(servers.stream().map(s -> told(s, behaviours)).toList(), behaviours);
  }

  static <T> T join(Future<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Fault fault) {
        throw fault;
      }
      throw new Fault(KernelCode.DEFECT, "a part of netcheck failed", e);
    }
  }

  /** One address of each family at most: more of one server tell nothing more. */
  private static List<Server> resolve(Address address) {
    try {
      var all = new ArrayList<Server>();
      for (boolean v6 : List.of(false, true)) {
        Arrays.stream(InetAddress.getAllByName(address.host()))
            .filter(ip -> (ip instanceof Inet6Address) == v6)
            .findFirst()
            .map(ip -> new Server(address, new InetSocketAddress(ip, address.port()), null))
            .ifPresent(all::add);
      }
      return all;
    } catch (UnknownHostException e) {
      return List.of(new Server(address, null, "this name has no address"));
    }
  }

  private static Result.NetcheckServer told(Server server, Map<String, NatBehaviour> behaviours) {
    var at = server.at;
    if (at == null) {
      return new Result.NetcheckServer(
          server.given.toString(), null, null, null, null, server.failure);
    }
    var address = Address.of(at).toString();
    var behaviour = behaviours.get(server.isV6() ? "ipv6" : "ipv4");
    var seen =
        behaviour == null
            ? null
            : behaviour.servers().stream()
                .filter(s -> text(s.server()).equals(address))
                .findFirst()
                .orElse(null);
    if (seen == null) {
      return new Result.NetcheckServer(
          server.given.toString(), address, null, null, null, "not asked: too many servers");
    }
    return new Result.NetcheckServer(
        server.given.toString(),
        address,
        seen.mapped().map(Netcheck::text).orElse(null),
        seen.rtt().map(Netcheck::millis).orElse(null),
        seen.other().map(Netcheck::text).orElse(null),
        seen.mapped().isPresent() ? null : "no answer");
  }

  static Result.Netcheck report(
      boolean daemon,
      Seen seen,
      List<Result.NetcheckAnchor> anchors,
      List<Result.PortMapping> mappings,
      boolean otherUdp) {
    var behaviours = List.copyOf(seen.behaviours.values());
    boolean forwarded = mappings.stream().anyMatch(Result.PortMapping::announced);
    var outlook = Outlook.of(behaviours, otherUdp, forwarded);
    boolean works = otherUdp || behaviours.stream().anyMatch(NatBehaviour::answered);
    return new Result.Netcheck(
        daemon,
        works ? "yes" : behaviours.isEmpty() ? "unknown" : "no",
        seen.behaviours.entrySet().stream().map(e -> family(e.getKey(), e.getValue())).toList(),
        seen.servers,
        mappings,
        anchors,
        median(anchors),
        outlook.name().toLowerCase(Locale.ROOT).replace('_', '-'),
        outlook.sentence());
  }

  private static Result.NetcheckFamily family(String name, NatBehaviour behaviour) {
    return new Result.NetcheckFamily(
        name,
        behaviour.answered() ? "yes" : "no",
        behaviour.servers().stream()
            .flatMap(s -> s.mapped().stream())
            .map(Netcheck::text)
            .distinct()
            .toList(),
        behaviour.translated().orElse(null),
        behaviour.mapping().word(),
        behaviour.mapping().why(),
        behaviour.filtering().word(),
        behaviour.filtering().why());
  }

  private static @Nullable Long median(List<Result.NetcheckAnchor> anchors) {
    var skews =
        anchors.stream()
            .map(Result.NetcheckAnchor::clockAheadMillis)
            .filter(Objects::nonNull)
            .sorted()
            .toList();
    return skews.isEmpty() ? null : skews.get(skews.size() / 2);
  }

  private static String text(Endpoint endpoint) {
    return Endpoints.text(endpoint);
  }

  static double millis(Duration duration) {
    return Math.round(duration.toNanos() / NANOS * 10) / 10.0;
  }
}

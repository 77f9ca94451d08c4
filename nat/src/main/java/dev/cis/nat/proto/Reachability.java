package dev.cis.nat.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.nat.proto.AddressState.Origin;
import dev.cis.nat.proto.AddressState.State;
import dev.cis.nat.proto.ReachInput.Again;
import dev.cis.nat.proto.ReachInput.Answered;
import dev.cis.nat.proto.ReachInput.Around;
import dev.cis.nat.proto.ReachInput.Sighting;
import dev.cis.transport.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * At which of its addresses the internet reaches this node. Every public address that is
 * configured, mapped, bound or seen by peers is asked about: an anchor that sees us on that host
 * sends a datagram to it from a port of its own ({@link DialBackMessage}).
 *
 * <p>A datagram from an anchor shows that the router or firewall asks for no particular port. Every
 * anchor that can be asked is one that we have sent something to, so a filter that goes by address
 * only (RFC 4787 section 5) passes for open.
 */
public final class Reachability implements Machine<ReachInput, ReachOutput> {
  private static final int MOST_OBSERVED = 4;
  private static final int ANCHORS = 64;
  // Anchors answer six questions a minute, and people ask too.
  private static final double QUESTIONS_PER_SECOND = 1 / 15.0;
  private static final int QUESTIONS_AT_ONCE = 3;

  private final ReachTimes times;
  private final RandomGenerator random;
  private final Rates<NodeId> rates = new Rates<>(QUESTIONS_PER_SECOND, QUESTIONS_AT_ONCE, ANCHORS);
  private final Map<Address, CheckedAddress> addresses = new LinkedHashMap<>();
  private @Nullable List<AddressState> told;

  /** Knows of no address yet. */
  public Reachability(ReachTimes times, RandomGenerator random) {
    this.times = times;
    this.random = random;
  }

  @Override
  public void on(Now now, ReachInput input, Consumer<ReachOutput> out) {
    switch (input) {
      case Around around -> around(now.uptime(), around);
      case Answered answer -> {
        var about = addresses.get(answer.address());
        if (about != null) {
          about.answered(now, answer);
        }
      }
      case Again _ -> addresses.values().forEach(each -> each.again(now.uptime()));
    }
    ask(now.uptime(), out);
    tell(out);
  }

  @Override
  public void tick(Now now, Consumer<ReachOutput> out) {
    addresses.values().forEach(each -> each.tick(now.uptime()));
    ask(now.uptime(), out);
    tell(out);
  }

  @Override
  public Duration wakeAt() {
    return addresses.values().stream()
        .map(CheckedAddress::wakeAt)
        .min(Comparator.naturalOrder())
        .orElse(NEVER);
  }

  private void around(Duration uptime, Around around) {
    var origins = new LinkedHashMap<Address, Set<Origin>>();
    for (var candidate : around.candidates()) {
      origins.computeIfAbsent(candidate.address(), _ -> new HashSet<>()).add(candidate.origin());
    }
    var seenBy = networksBySighting(around.sightings());
    seenBy.entrySet().stream()
        .sorted(Comparator.comparingInt(entry -> -entry.getValue().size()))
        .limit(MOST_OBSERVED)
        .forEach(entry ->
            origins.computeIfAbsent(entry.getKey(), _ -> new HashSet<>()).add(Origin.OBSERVED));
    addresses.keySet().retainAll(origins.keySet());
    origins.forEach((address, from) -> {
      var checked =
          addresses.computeIfAbsent(address, _ -> new CheckedAddress(address, times, uptime));
      checked.origins = new TreeSet<>(from);
      checked.seenBy = seenBy.getOrDefault(address, Set.of());
      checked.witnesses = witnesses(around, checked);
    });
  }

  /** By address, the networks of the peers that see us there; private addresses say nothing. */
  private static Map<Address, Set<String>> networksBySighting(List<Sighting> sightings) {
    var networks = new LinkedHashMap<Address, Set<String>>();
    for (var sighting : sightings) {
      if (!sighting.us().isPrivate()) {
        networks.computeIfAbsent(sighting.us(), _ -> new HashSet<>()).add(sighting.at().subnet());
      }
    }
    return networks;
  }

  /**
   * Anchors send to the host that they see. Where only peers of one network see an address (each
   * sees another one through a symmetric router), only the anchor that does is asked.
   */
  private static Set<NodeId> witnesses(Around around, CheckedAddress checked) {
    var seen = new HashMap<NodeId, Address>();
    around.sightings().forEach(sighting -> seen.put(sighting.by(), sighting.us()));
    boolean hearsay = checked.look().isHearsay();
    var found = new LinkedHashSet<NodeId>();
    for (var anchor : around.anchors()) {
      var us = seen.get(anchor);
      if (us != null
          && (hearsay
              ? us.equals(checked.address())
              : us.host().equals(checked.address().host()))) {
        found.add(anchor);
      }
    }
    return found;
  }

  private void ask(Duration uptime, Consumer<ReachOutput> out) {
    for (var each : addresses.values()) {
      if (uptime.compareTo(each.askAt()) < 0) {
        continue;
      }
      var anchors = new ArrayList<>(each.askable());
      java.util.Collections.shuffle(anchors, random);
      var free = anchors.stream().filter(anchor -> rates.take(anchor, uptime)).findFirst();
      if (free.isPresent()) {
        each.asked(uptime);
        out.accept(new ReachOutput.Ask(free.get(), each.address()));
      } else {
        each.postponed(uptime.plus(times.soon()));
      }
    }
  }

  private void tell(Consumer<ReachOutput> out) {
    var now = addresses.values().stream().map(CheckedAddress::look).toList();
    if (!now.equals(told)) {
      told = now;
      out.accept(new ReachOutput.Changed(now));
    }
  }

  /**
   * Which of them belong into the node's own record, best first: those that are reached, what the
   * operator says, and what routers have given while nothing speaks against it. What only peers say
   * must be seen from two networks at least, or one peer could make us name somebody else's
   * address. What sockets are bound to is added by the swarm.
   */
  public static List<Address> announced(List<AddressState> addresses) {
    var named = new LinkedHashSet<Address>();
    addresses.stream()
        .filter(each -> each.state() == State.PUBLIC && !each.isHearsay())
        .sorted(Comparator.comparing(each -> each.origins().first()))
        .forEach(each -> named.add(each.address()));
    addresses.stream()
        .filter(each -> each.origins().contains(Origin.CONFIGURED))
        .forEach(each -> named.add(each.address()));
    addresses.stream()
        .filter(each -> each.origins().contains(Origin.MAPPED) && each.state() == State.UNKNOWN)
        .forEach(each -> named.add(each.address()));
    return List.copyOf(named);
  }
}

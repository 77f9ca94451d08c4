package dev.cis.api;

import dev.cis.kernel.identity.NodeId;
import dev.cis.node.Node;
import dev.cis.transport.Bandwidth;
import dev.cis.transport.Counters;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.Swarm;
import dev.cis.transport.Traffic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Requests about what travels on streams. */
final class TrafficRequests {
  private static final Duration DIAL = Duration.ofSeconds(20);
  private static final int SHOWN = 100;

  private final Swarm swarm;
  private final Path directory;
  private final NodeNames names;

  TrafficRequests(Node node, NodeNames names) {
    this.swarm = node.swarm();
    this.directory = node.home().directory().resolve("qlog");
    this.names = names;
  }

  Result bandwidth() {
    var look = swarm.traffic().look();
    return new Result.Bandwidth(
        usage("all", null, null, look.total()),
        look.peers().entrySet().stream()
            .map(each -> peer(each.getKey(), each.getValue()))
            .sorted(
                Comparator.comparingLong((Result.Usage u) -> u.inTotal() + u.outTotal()).reversed())
            .toList(),
        look.protocols().entrySet().stream()
            .map(each -> protocol(each.getKey(), each.getValue()))
            .toList());
  }

  private Result.Usage peer(NodeId id, Traffic.Use use) {
    return usage(names.of(id), id.toString(), null, use);
  }

  private static Result.Usage protocol(String path, Traffic.Use use) {
    return usage(path, null, use.priority().name().toLowerCase(Locale.ROOT), use);
  }

  private static Result.Usage usage(
      String name, @Nullable String node, @Nullable String priority, Traffic.Use use) {
    return new Result.Usage(
        name,
        node,
        priority,
        use.in().second(),
        use.in().minute(),
        use.in().total(),
        limit(use.limitIn()),
        use.out().second(),
        use.out().minute(),
        use.out().total(),
        limit(use.limitOut()));
  }

  private static @Nullable Long limit(long rate) {
    return rate == 0 ? null : (Long) rate;
  }

  Result limit(Request.BandwidthLimit request) {
    var in = rate(request.in());
    var out = rate(request.out());
    var traffic = swarm.traffic();
    var whose = "this node";
    if (request.node() != null) {
      var peer = names.findPeer(request.node());
      traffic.limitPeer(peer, in, out);
      whose = "peer " + names.of(peer);
    } else if (request.protocol() != null) {
      var path = ProtocolId.pathOf(request.protocol());
      traffic.limitProtocol(path, in, out);
      whose = "protocol " + path;
    } else {
      traffic.limitAll(in, out);
    }
    return new Result.Done(
        whose
            + ": "
            + (in == null ? "" : "in " + words(in))
            + (in == null || out == null ? "" : ", ")
            + (out == null ? "" : "out " + words(out))
            + ", until the daemon stops");
  }

  Result counters() {
    var c = swarm.counters();
    return new Result.Counters(
        c.dials(),
        c.failedDials(),
        c.accepted(),
        c.ended(),
        c.streamsOpened(),
        c.streamsAccepted(),
        c.streamsRefused(),
        c.packets().sent(),
        c.packets().received(),
        c.packets().lost(),
        c.packets().retransmitted(),
        c.packets().bytesSent(),
        c.packets().bytesReceived(),
        c.ends().stream().limit(SHOWN).map(this::end).toList());
  }

  private Result.ConnectionEnd end(Counters.End end) {
    return end(end, names);
  }

  static Result.ConnectionEnd end(Counters.End end, NodeNames names) {
    return new Result.ConnectionEnd(
        end.peer().toString(),
        names.of(end.peer()),
        end.at(),
        end.how(),
        end.code() < 0 ? null : (Long) end.code(),
        end.reason());
  }

  Result qlog(Request.Qlog request) {
    var peer = names.findPeer(request.node());
    if (request.stop()) {
      return new Result.Qlog(peer.toString(), null, swarm.qlogStop(peer));
    }
    return new Result.Qlog(peer.toString(), swarm.qlog(peer, directory, DIAL).toString(), false);
  }

  private static @Nullable Long rate(@Nullable String text) {
    return text == null ? null : (Long) Bandwidth.parseRate(text);
  }

  private static String words(long rate) {
    return rate == 0 ? "without a limit" : "at most " + rate + " bytes/s";
  }
}

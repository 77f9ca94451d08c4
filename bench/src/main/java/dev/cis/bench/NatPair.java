package dev.cis.bench;

import dev.cis.api.ControlClient;
import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Fault;
import dev.cis.node.Home;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What became of one connection.
 *
 * @param from who connected
 * @param to whom
 * @param expected the path that RFC 4787 lets it have: {@code direct}, {@code relay}, {@code turn}
 * @param path the one it had in the end, null if there was none
 * @param firstByte milliseconds until an answer of the other application had come
 * @param settled milliseconds until the path was the expected one, null if it never was
 * @param failure why it failed
 */
record NatPair(
    String from,
    String to,
    String expected,
    @Nullable String path,
    double firstByte,
    @Nullable Double settled,
    String failure) {
  /** How long a path has to become the expected one. */
  static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final Duration LOOK = Duration.ofMillis(10);

  /** A daemon, spoken to by its control socket, which no namespace hides. */
  record Node(String host, String id, ControlClient client) {
    static Node of(String host, Home home) {
      var client = new ControlClient(home);
      var id = client.call(new Request.Status(), Result.Status.class).node();
      return new Node(host, id, client);
    }

    /** The path to that node; empty while there is no connection. */
    Optional<String> path(Node other) {
      return client.call(new Request.Peers(true, false), Result.Peers.class).peers().stream()
          .filter(peer -> other.id.equals(peer.node()))
          .findFirst()
          .map(Result.Peer::path); // none while it goes away
    }
  }

  /** The path that the kinds of the two routers allow. */
  static String expected(String from, String to) {
    if (from.startsWith("g")) {
      return "turn";
    }
    boolean apart =
        (isSymmetric(from) && (isSymmetric(to) || isHome(to))) || (isSymmetric(to) && isHome(from));
    return apart ? "relay" : "direct";
  }

  private static boolean isSymmetric(String host) {
    return host.startsWith("c") || host.startsWith("h");
  }

  private static boolean isHome(String host) {
    return host.startsWith("a") || host.startsWith("b") || host.startsWith("f");
  }

  /** Connects, waits for the path, and takes the connection down again. */
  static NatPair measure(Node from, Node to) throws InterruptedException {
    var expected = expected(from.host, to.host);
    part(from, to); // they may have found each other by themselves
    long begin = System.nanoTime();
    double first = 0;
    Double settled = null;
    try {
      var _ = from.client.call(new Request.Connect(to.id), Result.Connected.class);
      var answered =
          from.client.stream(
              new Request.Ping(to.id, 1, false),
              Result.Pong.class,
              _ -> {},
              Result.PingSummary.class);
      if (answered.received() == 0) {
        return new NatPair(from.host, to.host, expected, null, first, null, "no answer to a ping");
      }
      first = millis(begin);
      if (within(() -> from.path(to).filter(expected::equals).isPresent())) {
        settled = millis(begin);
      }
      var path = from.path(to).orElse(null);
      return new NatPair(from.host, to.host, expected, path, first, settled, "");
    } catch (Fault e) {
      return new NatPair(
          from.host, to.host, expected, null, first, null, String.valueOf(e.getMessage()));
    } finally {
      part(from, to);
    }
  }

  private static void part(Node from, Node to) throws InterruptedException {
    try {
      if (from.path(to).isPresent()) {
        var _ = from.client.call(new Request.Disconnect(to.id), Result.Done.class);
      }
      // A goodbye that is lost on the way is made up for by the idle timeout.
      if (!within(() -> to.path(from).isEmpty())) {
        boolean _ = within(() -> to.path(from).isEmpty());
      }
    } catch (Fault e) {
      System.err.println(from.host + " " + to.host + ": " + e.getMessage());
    }
  }

  /** Whether it becomes so in good time. */
  static boolean within(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        return false;
      }
      Thread.sleep(LOOK); // the daemon tells nobody when a path changes; it has to be asked
    }
    return true;
  }

  private static double millis(long since) {
    return (System.nanoTime() - since) / 1e6;
  }

  /** A line of the table. */
  String line(String who) {
    return "%-6s  %-5s %-5s %-7s %-7s %10.0f %10s  %s"
        .formatted(
            who,
            from,
            to,
            expected,
            path == null ? "none" : path,
            firstByte,
            settled == null ? "-" : "%.0f".formatted(settled),
            failure);
  }
}

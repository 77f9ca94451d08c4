package dev.cis.discovery;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.time.Uptime;
import dev.cis.transport.Address;
import dev.cis.transport.Swarm;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Finds and connects peers. Thread-safe. */
public interface Discovery extends AutoCloseable {
  /** Discovery for a swarm; nothing happens before {@link #start}. */
  static Discovery create(Swarm swarm, DiscoveryConfig config) {
    return create(swarm, config, Uptime.CLOCK);
  }

  /** Discovery by another clock. */
  static Discovery create(Swarm swarm, DiscoveryConfig config, Supplier<Now> clock) {
    return new SwarmDiscovery(swarm, config, clock);
  }

  /**
   * Somebody that was found.
   *
   * @param node who, null while only an address is known (a bootstrap entry that has not answered)
   * @param name what it calls itself, may be empty
   * @param addresses where
   * @param source {@code mdns}, {@code bootstrap}, {@code manual}, {@code remembered}
   * @param seen when it was last announced or reached
   * @param failure why it could not be reached, null if it was or was not tried
   */
  record Found(
      @Nullable NodeId node,
      String name,
      List<Address> addresses,
      String source,
      @Nullable Instant seen,
      @Nullable String failure) {}

  /** Starts announcing, browsing and connecting. */
  void start();

  /** Looks for peers now; the reason is logged. */
  void trigger(String reason);

  /** Everybody found, connected or not. */
  List<Found> found();

  @Override
  void close();
}

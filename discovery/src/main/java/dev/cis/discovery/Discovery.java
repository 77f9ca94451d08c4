package dev.cis.discovery;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.time.Uptime;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
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
   * @param source {@code mdns}, {@code bootstrap}, {@code manual}, {@code rendezvous}, {@code
   *     remembered}
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

  /**
   * Whether anybody is connected: a member of the home realm, or an anchor.
   *
   * @param reason who came, or who went and why
   * @param since when that was
   */
  record Online(boolean online, String reason, Instant since) {}

  /**
   * What happened.
   *
   * @param what {@code online}, {@code offline}, {@code peer-up}, {@code peer-down}, {@code
   *     anchor-up}, {@code anchor-down}, {@code lan-up}, {@code lan-down}, {@code search}
   * @param node about whom, if about somebody
   * @param reason why, for people
   */
  record Event(Instant at, String what, @Nullable NodeId node, String reason) {}

  /**
   * How one source stands.
   *
   * @param found candidates that it knows now
   * @param connected how many of them are connected
   * @param failed how many could not be reached the last time
   */
  record SourceLook(String source, int found, int connected, int failed) {}

  /**
   * What discovery does.
   *
   * @param sources every source, also those that know nobody
   * @param minPeers with fewer peers than this it searches
   * @param lastSearch when it last searched, null if it never did
   * @param lastReason why it did, empty if it never did
   * @param lan at how many addresses it announces itself by mDNS
   * @param anchors the anchors in other realms that it is linked to
   */
  record Look(
      Online online,
      List<SourceLook> sources,
      int minPeers,
      @Nullable Instant lastSearch,
      String lastReason,
      int lan,
      List<NodeId> anchors) {}

  /** A place to ask who else is there; implemented by rooms that discovery does not know. */
  interface MeetingPlace {
    /** What it is called in the log. */
    String name();

    /**
     * Says there that we are here, and answers who else is; empty when there is nobody to ask. Only
     * a suggestion: whoever is dialled must prove the realm.
     */
    List<Signed<PeerRecord>> visit(Duration within);
  }

  /** Asks this one too, whenever there are too few peers and now and then. */
  void addMeetingPlace(MeetingPlace place);

  /** Starts announcing, browsing and connecting. */
  void start();

  /** Looks for peers now; the reason is logged. */
  void trigger(String reason);

  /** Everybody found, connected or not. */
  List<Found> found();

  /** Whether anybody is connected, and why not. */
  Online online();

  /** What it does. */
  Look look();

  /** What happened last, oldest first, at most 256. */
  List<Event> events();

  /**
   * Hears what happened last, as {@link #events} tells it, and if it follows what happens from now
   * on, in order and without a gap; must not block.
   */
  Swarm.Registration watch(Consumer<Event> watcher, boolean follow);

  @Override
  void close();
}

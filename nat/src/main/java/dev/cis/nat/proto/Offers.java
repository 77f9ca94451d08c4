package dev.cis.nat.proto;

import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * When a node offers a peer to look for a direct path, which offers it answers, and which search
 * (named by the 64-bit number of its offer) holds. Who dialled offers as soon as the connection is
 * there; a search that came to nothing is repeated after 5 s, and then every minute; either side
 * offers at once when its addresses are others than those that it has told.
 *
 * <p>Both sides must come to hold the same search: of two that differ, each side would send where
 * the other does not listen. Offers that cross are settled as role conflicts are in RFC 8445
 * section 7.3.1.1, by a comparison that has the same outcome at both ends: that of the smaller node
 * holds. An offer that is ready only when one of the peer's has been answered is not sent.
 *
 * <p>Pure: told the time, does nothing itself. Thread-safe.
 */
public final class Offers {
  /** Most peers with a search or the memory of one. */
  public static final int MAX_PEERS = 4_096;

  /** Least time between two offers of one peer that are answered. */
  public static final Duration APART = Duration.ofSeconds(2);

  /** From the first search that came to nothing to the next. */
  public static final Duration SOON = Duration.ofSeconds(5);

  /** From any other to the next. */
  public static final Duration LATER = Duration.ofSeconds(60);

  private final NodeId self;
  private final Map<NodeId, Search> searches = new HashMap<>();

  /** How the search for a path to one peer stands. */
  private static final class Search {
    @Nullable Long session;
    Duration next = Duration.ZERO;
    Duration answeredAt = Duration.ofDays(-1);
    int failures;
    List<Endpoint> told = List.of();
    String state = "not tried yet";
    boolean onItsWay;
    boolean ours;
  }

  /**
   * A search holds from now on.
   *
   * @param before the one that held until now
   */
  public record Begun(Optional<Long> before) {}

  /** Of the node that offers and answers. */
  public Offers(NodeId self) {
    this.self = self;
  }

  /**
   * Whether to offer now. If so, the offer is on its way until {@link #begin} or {@link #ended}.
   *
   * @param dialled whether we dialled the peer; who was dialled offers only when its addresses are
   *     others than those that it has answered with, which the dialler cannot know
   * @param mine our addresses
   * @param now uptime
   */
  public synchronized boolean isDue(
      NodeId peer, boolean dialled, List<Endpoint> mine, Duration now) {
    var search = searches.get(peer);
    if (search == null) {
      if (!dialled || searches.size() >= MAX_PEERS) {
        return false;
      }
      search = new Search();
      searches.put(peer, search);
    }
    boolean late = dialled && search.next.compareTo(now) <= 0;
    boolean isTold = dialled || !search.told.isEmpty();
    boolean due = late || (isTold && !search.told.equals(mine));
    if (search.onItsWay || search.session != null || !due) {
      return false;
    }
    search.onItsWay = true;
    search.told = mine;
    return true;
  }

  /**
   * Our own offer is about to be sent. Empty: it must not be, since the peer's came before it, or
   * the peer is gone.
   */
  public synchronized Optional<Begun> begin(NodeId peer, long session, List<Endpoint> mine) {
    var search = searches.get(peer);
    if (search == null) {
      return Optional.empty();
    }
    search.onItsWay = false;
    if (search.session != null) {
      return Optional.empty();
    }
    return Optional.of(hold(search, session, true, mine));
  }

  /**
   * The peer offers. Empty: it is not answered, since it offers too often, or ours holds, or there
   * are too many peers.
   *
   * @param mine our addresses, which are answered
   * @param now uptime
   */
  public synchronized Optional<Begun> accept(
      NodeId peer, long session, List<Endpoint> mine, Duration now) {
    var search = searches.get(peer);
    if (search == null) {
      if (searches.size() >= MAX_PEERS) {
        return Optional.empty();
      }
      search = new Search();
      searches.put(peer, search);
    }
    // Both offered at once: that of the smaller node counts, and it is there or on its way.
    boolean crossing = search.session != null && search.ours && self.compareTo(peer) < 0;
    if (crossing || now.minus(search.answeredAt).compareTo(APART) < 0) {
      return Optional.empty();
    }
    search.answeredAt = now;
    return Optional.of(hold(search, session, false, mine));
  }

  private static Begun hold(Search search, long session, boolean ours, List<Endpoint> mine) {
    var before = Optional.ofNullable(search.session);
    search.session = session;
    search.ours = ours;
    search.told = mine;
    search.state = "probing";
    return new Begun(before);
  }

  /** A search found a path. False: another one holds, and the path does not count. */
  public synchronized boolean found(NodeId peer, long session, String state) {
    var search = searches.get(peer);
    if (search == null || !holds(search, session)) {
      return false;
    }
    search.failures = 0;
    search.ours = false; // settled: whatever the peer offers from now on is news
    search.state = state;
    return true;
  }

  /** A search came to nothing, or what it found is lost. False: another one holds. */
  public synchronized boolean ended(NodeId peer, long session, String state, Duration now) {
    var search = searches.get(peer);
    if (search == null || !holds(search, session)) {
      return false;
    }
    search.session = null;
    failed(search, state, now);
    return true;
  }

  /** Our offer did not get as far as {@link #begin}. */
  public synchronized void notSent(NodeId peer, String state, Duration now) {
    var search = searches.get(peer);
    if (search != null) {
      search.onItsWay = false;
      if (search.session == null) {
        failed(search, state, now);
      }
    }
  }

  private static void failed(Search search, String state, Duration now) {
    search.state = state;
    search.failures++;
    search.next = now.plus(search.failures > 1 ? LATER : SOON);
  }

  private static boolean holds(Search search, long session) {
    return search.session != null && search.session == session;
  }

  /** Forgets the peers for which this does not hold; the searches that ended with that. */
  public synchronized List<Long> retain(Predicate<NodeId> linked) {
    var over = new ArrayList<Long>();
    searches
        .entrySet()
        .removeIf(each -> {
          boolean gone = !linked.test(each.getKey());
          if (gone && each.getValue().session != null) {
            over.add(each.getValue().session);
          }
          return gone;
        });
    return over;
  }

  /** The searches that hold. */
  public synchronized List<Long> held() {
    return searches.values().stream()
        .flatMap(search -> Optional.ofNullable(search.session).stream())
        .toList();
  }

  /** How the search for a direct path to this peer stands, in words; empty if there is none. */
  public synchronized Optional<String> state(NodeId peer) {
    return Optional.ofNullable(searches.get(peer)).map(search -> search.state);
  }

  /** In how long we may offer again; empty unless we wait for that. */
  public synchronized Optional<Duration> next(NodeId peer, Duration now) {
    return Optional.ofNullable(searches.get(peer))
        .filter(search -> search.session == null && !search.onItsWay)
        .map(search -> search.next.minus(now))
        .filter(Duration::isPositive);
  }
}

package dev.cis.nat.proto;

import dev.cis.transport.Address;
import java.time.Instant;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One address of this node, and whether the internet reaches it there.
 *
 * @param address host and port
 * @param origins where it is known from, at least one
 * @param state what the questions have shown
 * @param reached questions in a row that ended with a datagram that came
 * @param silent questions in a row that ended without one
 * @param seenBy in how many networks there are peers that see us at this address
 * @param since when it got this state; null while nothing is known
 * @param reason why it has this state, for people
 */
public record AddressState(
    Address address,
    SortedSet<Origin> origins,
    State state,
    int reached,
    int silent,
    int seenBy,
    @Nullable Instant since,
    String reason) {
  /** Where an address of ours is known from, the most trusted first. */
  public enum Origin {
    /** The operator says so. */
    CONFIGURED,
    /** A router has given it. */
    MAPPED,
    /** Peers see us there. */
    OBSERVED,
    /** A socket is bound to it. */
    LOCAL
  }

  /** Whether the internet reaches us there. */
  public enum State {
    /** Nobody could be asked, or too few answers yet. */
    UNKNOWN,
    /** A datagram came that nobody here had asked a router for. */
    PUBLIC,
    /** It does not, or only a machine nearby can mean this address. */
    PRIVATE
  }

  /** Copies the origins. */
  public AddressState {
    origins = java.util.Collections.unmodifiableSortedSet(new TreeSet<>(origins));
  }

  /** Whether peers are the only ones that say so, and all of them in one network. */
  boolean isHearsay() {
    return seenBy < 2 && origins.size() == 1 && origins.contains(Origin.OBSERVED);
  }
}

package dev.cis.nat.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Address;
import java.util.List;

/** What happens to the question where this node can be reached. */
public sealed interface ReachInput {
  /** Most peers of which it is looked at where they see us. */
  int MAX_SIGHTINGS = 256;

  /** An address of ours that somebody on this machine knows. */
  record Candidate(Address address, AddressState.Origin origin) {}

  /**
   * What a peer sees.
   *
   * @param by who
   * @param at where that peer is, as we see it
   * @param us where we are, as it sees us
   */
  record Sighting(NodeId by, Address at, Address us) {}

  /**
   * How things are now; takes the place of what was said before.
   *
   * @param candidates configured, mapped and local addresses; at most 64 are looked at
   * @param sightings of the peers connected now; at most 256 are looked at
   * @param anchors those connected that may be asked
   */
  record Around(List<Candidate> candidates, List<Sighting> sightings, List<NodeId> anchors)
      implements ReachInput {
    /** Copies the lists. */
    public Around {
      candidates = candidates.stream().limit(64).toList();
      sightings = sightings.stream().limit(MAX_SIGHTINGS).toList();
      anchors = List.copyOf(anchors);
    }
  }

  /** How a question ended. */
  enum Outcome {
    /** The anchor's datagram came. */
    REACHED,
    /** It was sent and did not come. */
    SILENT,
    /** Asked too often; says nothing. */
    TOO_OFTEN,
    /** The anchor cannot send there; says nothing. */
    IMPOSSIBLE,
    /** The anchor gave no answer; says nothing. */
    FAILED
  }

  /**
   * The answer to a question.
   *
   * @param address what was asked about
   * @param seen where the anchor has sent its datagram; empty if it sent none
   */
  record Answered(NodeId anchor, Address address, Outcome outcome, String seen)
      implements ReachInput {}

  /** The network may have changed: what is known is asked again soon. */
  record Again() implements ReachInput {}
}

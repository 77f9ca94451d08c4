package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The one address book of a node: signed peer records, and for each address where it came from and
 * how the last attempts went. Discovery, DHT and gossip fill it; the dialler and the label
 * selectors read it. At most 10,000 peers; the least recently useful is forgotten first.
 * Thread-safe.
 */
public interface PeerBook {
  /** The words in a failure that tell a refusal from silence. */
  String REFUSED_US = "refused us";

  /** Whether a failure says that the peer answered and would have nothing to do with us. */
  static boolean isRefusal(@Nullable String failure) {
    return failure != null && failure.contains(REFUSED_US);
  }

  /**
   * What is known of one address of a peer.
   *
   * @param address where
   * @param source who said so: {@code record}, {@code mdns}, {@code bootstrap}, {@code manual},
   *     {@code observed}, {@code dht}, or {@code dialled} where it was only ever dialled
   * @param lastSuccess when a connection to it last worked
   * @param lastFailure when an attempt last failed
   * @param failure why it failed
   */
  record Known(
      Address address,
      String source,
      @Nullable Instant lastSuccess,
      @Nullable Instant lastFailure,
      @Nullable String failure) {}

  /**
   * What is known of a peer.
   *
   * @param node who
   * @param record its own signed words, if any reached us
   * @param addresses every address, most promising first
   * @param alias the name by which a user added it, empty if none
   * @param manual whether a user added it; such peers are kept until removed
   * @param lastSeen when it was last connected or announced
   */
  record Entry(
      NodeId node,
      @Nullable Signed<PeerRecord> record,
      List<Known> addresses,
      String alias,
      boolean manual,
      @Nullable Instant lastSeen) {
    /** The alias, the name in its record, or the brief id. */
    public String displayName() {
      if (!alias.isEmpty()) {
        return alias;
      }
      return record == null || record.value().name().isEmpty()
          ? node.brief()
          : record.value().name();
    }
  }

  /** Takes a record, unless it is expired or older than the one known; true if it was news. */
  boolean add(Signed<PeerRecord> record);

  /** Notes that someone says a peer is at an address. */
  void suggest(NodeId node, Address address, String source);

  /** Adds a peer by hand and pins its alias, if one is given. Survives until {@link #remove}. */
  void addManual(NodeId node, Address address, @Nullable String alias);

  /** Forgets a peer; false if it was not known. */
  boolean remove(NodeId node);

  /** Notes that a connection to the peer at this address worked. */
  void succeeded(NodeId node, Address address);

  /** Notes that an attempt failed, and why. */
  void failed(NodeId node, Address address, String why);

  /** What is known of a peer. */
  Optional<Entry> find(NodeId node);

  /**
   * The peers whose NodeId text, alias, record name or DID begins so; exact matches first alone.
   */
  List<Entry> matching(String text);

  /** All peers, most recently seen first. */
  List<Entry> entries();
}

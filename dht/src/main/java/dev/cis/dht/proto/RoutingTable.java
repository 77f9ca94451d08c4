package dev.cis.dht.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that we have heard ourselves, in one bucket for each length of the prefix shared with
 * our own id (Kademlia, section 2.2).
 *
 * <p>A full bucket keeps its old nodes, for a node that has been there long is likely to stay
 * (section 2.1, figure 1); newcomers wait in a replacement cache (section 4.1) until an old one has
 * failed {@code staleAfter} times in a row. A node that is gone keeps its place, unused, while
 * nobody else wants it. No public subnet gets more than a few places, so that one operator cannot
 * surround us cheaply. Not thread-safe.
 */
public final class RoutingTable {
  /** What became of a node that was heard. */
  public enum Outcome {
    /** It was here, and alive. */
    KNOWN,
    /** It is new here. */
    ADDED,
    /** It was here as gone, and is back. */
    REVIVED,
    /** Its bucket is full; it waits. */
    WAITING,
    /** It is ourselves, or its subnet has its share. */
    REFUSED
  }

  private static final int MAX_BACKOFF = 5;

  /** Stands for the many buckets that no node ever belonged to. */
  private static final Bucket NEVER_USED = new Bucket(0);

  private final NodeId self;
  private final KademliaConfig config;
  private final Bucket[] buckets = new Bucket[Distance.BITS];
  private final Subnets subnets = new Subnets();
  private final Probes probes = new Probes(this::isLive);
  private int live;

  /** No bucket beyond this one was ever used. */
  private int top = -1;

  /** An empty table of this node. */
  public RoutingTable(NodeId self, KademliaConfig config) {
    this.self = self;
    this.config = config;
    Arrays.fill(buckets, NEVER_USED);
  }

  /**
   * Notes that a node was heard: it answered, asked, or is connected.
   *
   * @param remote its address as our socket sees it; null when unknown, then its record is believed
   */
  public Outcome heard(Duration now, Signed<PeerRecord> record, @Nullable Address remote) {
    var node = record.value().node();
    if (node.equals(self)) {
      return Outcome.REFUSED;
    }
    var bucket = bucketOf(node);
    if (bucket == NEVER_USED) {
      bucket = new Bucket(config.k());
      buckets[indexOf(node)] = bucket;
    }
    var known = bucket.find(node);
    return known == null
        ? newcomer(now, bucket, record, remote)
        : again(now, bucket, known, record, remote);
  }

  private Outcome again(
      Duration now,
      Bucket bucket,
      Contact contact,
      Signed<PeerRecord> record,
      @Nullable Address remote) {
    boolean wasLive = isLive(contact);
    contact.described(record);
    probes.expires(contact);
    var subnet = remote == null ? contact.subnet() : Subnets.of(remote);
    if (!wasLive || !subnet.equals(contact.subnet())) {
      uncount(contact);
      if (!admits(bucket, subnet, contact)) {
        bucket.remove(contact);
        promote(bucket);
        return Outcome.REFUSED;
      }
      contact.moved(subnet);
      contact.heard(now);
      count(contact);
    }
    bucket.heard(contact, now);
    return wasLive ? Outcome.KNOWN : Outcome.REVIVED;
  }

  private Outcome newcomer(
      Duration now, Bucket bucket, Signed<PeerRecord> record, @Nullable Address remote) {
    var contact =
        new Contact(record, remote == null ? Subnets.claimed(record) : Subnets.of(remote), now);
    if (!admits(bucket, contact.subnet(), contact)) {
      bucket.forgetWaiting(contact.node());
      return Outcome.REFUSED;
    }
    if (!bucket.hasRoom()) {
      var gone = firstGone(bucket);
      if (gone == null) {
        bucket.await(contact);
        return Outcome.WAITING;
      }
      bucket.remove(gone);
    }
    bucket.add(contact);
    count(contact);
    return Outcome.ADDED;
  }

  private @Nullable Contact firstGone(Bucket bucket) {
    for (var contact : bucket.contacts()) {
      if (!isLive(contact)) {
        return contact;
      }
    }
    return null;
  }

  /** Takes a newer record of a node that is in the table; false if it is not there. */
  public boolean described(Signed<PeerRecord> record) {
    var contact = contact(record.value().node());
    if (contact == null) {
      return false;
    }
    contact.described(record);
    probes.expires(contact);
    return true;
  }

  /**
   * Notes that a node did not answer. Once it counts as gone, a waiting node takes its place.
   *
   * @return whether it counts as gone from now on
   */
  public boolean failed(Duration now, NodeId node) {
    var bucket = bucketOf(node);
    bucket.forgetWaiting(node);
    var contact = bucket.find(node);
    if (contact == null) {
      return false;
    }
    boolean wasLive = isLive(contact);
    int extra = Math.clamp(contact.failures() + 1L - config.staleAfter(), 0, MAX_BACKOFF);
    contact.failed(now.plus(config.probeEvery().multipliedBy(1L << extra)));
    probes.mayBeDue(contact);
    if (!wasLive || isLive(contact)) {
      return false;
    }
    uncountOne(contact);
    if (bucket.waiting() > 0) {
      bucket.remove(contact);
      promote(bucket);
    }
    return true;
  }

  /** Takes a node out: it serves no longer. */
  public void remove(NodeId node) {
    var bucket = bucketOf(node);
    bucket.forgetWaiting(node);
    var contact = bucket.find(node);
    if (contact != null) {
      uncount(contact);
      bucket.remove(contact);
      promote(bucket);
    }
  }

  /** The {@code count} live nodes closest to the target, closest first. */
  public List<Signed<PeerRecord>> closest(NodeId target, int count) {
    var found = new ArrayList<Signed<PeerRecord>>(count);
    int shared = Math.min(Distance.commonPrefix(self, target), Distance.BITS - 1);
    // Nodes of our bucket `shared` agree with the target in one more bit than we do; those of
    // deeper buckets agree exactly as far as we do; then each shallower bucket is farther.
    take(shared, shared, target, count, found);
    take(shared + 1, top, target, count, found);
    for (int i = shared - 1; i >= 0 && found.size() < count; i--) {
      take(i, i, target, count, found);
    }
    return found;
  }

  /** The closest of some buckets, as many as are still wanted. */
  private void take(int first, int last, NodeId target, int count, List<Signed<PeerRecord>> into) {
    if (into.size() >= count) {
      return;
    }
    var closest = new Closest(target, count - into.size());
    for (int i = first; i <= Math.min(last, top); i++) {
      var bucket = buckets[i];
      for (int j = 0; j < bucket.size(); j++) {
        long distance = target.head() ^ bucket.head(j);
        if (closest.mayTake(distance) && isLive(bucket.contacts().get(j))) {
          closest.offer(bucket.contacts().get(j), distance);
        }
      }
    }
    closest.recordsInto(into);
  }

  /**
   * How far the k nodes closest to us reach, as a share of the space: about k divided by the size
   * of the network. 1 while we know too few to tell.
   */
  double reach() {
    if (live < 2 * config.k()) {
      return 1;
    }
    return Distance.share(self, closest(self, config.k()).getLast().value().node());
  }

  /** The bucket of the farthest of the k nodes closest to us: all of deeper ones are closer. */
  int neighbourhood() {
    var closest = closest(self, config.k());
    return closest.size() < config.k()
        ? Distance.BITS
        : Distance.commonPrefix(self, closest.getLast().value().node());
  }

  /** Up to {@code count} nodes that are gone, closest to the target first: a last resort. */
  List<Signed<PeerRecord>> gone(NodeId target, int count) {
    var gone = new ArrayList<Contact>();
    each(contact -> {
      if (!isLive(contact)) {
        gone.add(contact);
      }
    });
    return gone.stream()
        .sorted((a, b) -> Distance.compare(target, a.node(), b.node()))
        .limit(count)
        .map(Contact::record)
        .toList();
  }

  /** Whether there is nobody in it, not even nodes that are gone. */
  boolean isEmpty() {
    return used().stream().allMatch(bucket -> bucket.contacts().isEmpty());
  }

  /** The record of a node in the table, gone or not. */
  public Optional<Signed<PeerRecord>> find(NodeId node) {
    return Optional.ofNullable(contact(node)).map(Contact::record);
  }

  /** Whether a node is in the table and has not failed too often. */
  public boolean isLive(NodeId node) {
    var contact = contact(node);
    return contact != null && isLive(contact);
  }

  /** How many live nodes the table has. */
  public int size() {
    return live;
  }

  /** The live nodes of one bucket, 0 being the half of the space that we are not in. */
  public List<NodeId> bucket(int index) {
    return buckets[index].contacts().stream().filter(this::isLive).map(Contact::node).toList();
  }

  /** Every node, also those that are gone, the farthest bucket first. */
  public List<Seat> seats(Duration now) {
    var seats = new ArrayList<Seat>();
    for (int i = 0; i <= top; i++) {
      for (var contact : buckets[i].contacts()) {
        seats.add(
            new Seat(
                i,
                contact.record(),
                isLive(contact),
                now.minus(contact.since()),
                now.minus(contact.lastHeard()),
                contact.failures()));
      }
    }
    return seats;
  }

  /** How many newcomers wait for a place in full buckets. */
  public int waiting() {
    return used().stream().mapToInt(Bucket::waiting).sum();
  }

  /** The records of all live nodes. */
  public List<Signed<PeerRecord>> records() {
    var all = new ArrayList<Signed<PeerRecord>>(live);
    each(contact -> {
      if (isLive(contact)) {
        all.add(contact.record());
      }
    });
    return all;
  }

  /** The node that must be asked before a newcomer to the node's bucket is turned away. */
  Optional<Contact> questionable(Duration now, NodeId newcomer) {
    var contacts = bucketOf(newcomer).contacts();
    if (contacts.isEmpty()) {
      return Optional.empty();
    }
    var oldest = contacts.getFirst();
    var silent = now.minus(oldest.lastHeard());
    return silent.compareTo(config.questionableAfter()) >= 0 && oldest.probeAt().compareTo(now) <= 0
        ? Optional.of(oldest)
        : Optional.empty();
  }

  /**
   * Up to {@code limit} nodes due for a probe: those that are gone, and those whose record has run
   * out.
   */
  List<Contact> toProbe(Duration now, Instant wall, int limit) {
    return probes.due(now, wall, limit, this::each);
  }

  /** Makes the nodes that are gone due for a probe. */
  void probeSoon(Duration now) {
    probes.soon(now, this::each);
  }

  /** Drops the nodes that are gone and were not heard for {@code forgetAfter}. */
  void forget(Duration now) {
    for (var bucket : used()) {
      bucket.removeIf(contact ->
          !isLive(contact) && now.minus(contact.lastHeard()).compareTo(config.forgetAfter()) > 0);
    }
  }

  /** The deepest bucket with a live node, -1 when the table is empty. */
  int deepest() {
    for (int i = top; i >= 0; i--) {
      for (var contact : buckets[i].contacts()) {
        if (isLive(contact)) {
          return i;
        }
      }
    }
    return -1;
  }

  boolean isLive(Contact contact) {
    return contact.failures() < config.staleAfter();
  }

  @Nullable Contact contact(NodeId node) {
    return node.equals(self) ? null : bucketOf(node).find(node);
  }

  private void promote(Bucket bucket) {
    while (bucket.hasRoom()) {
      var next = bucket.takeWaiting();
      if (next.isEmpty()) {
        return;
      }
      if (admits(bucket, next.get().subnet(), next.get())) {
        bucket.add(next.get());
        count(next.get());
      }
    }
  }

  private boolean admits(Bucket bucket, String subnet, Contact newcomer) {
    if (subnet.isEmpty()) {
      return true;
    }
    if (subnets.has(subnet, config.perSubnet())) {
      return false;
    }
    int here = 0;
    for (var other : bucket.contacts()) {
      if (other != newcomer && isLive(other) && other.subnet().equals(subnet)) {
        here++;
      }
    }
    return here < config.perSubnetAndBucket();
  }

  private void count(Contact contact) {
    probes.expires(contact);
    live++;
    top = Math.max(top, indexOf(contact.node()));
    subnets.add(contact.subnet());
  }

  private void uncount(Contact contact) {
    if (isLive(contact)) {
      uncountOne(contact);
    }
  }

  private void uncountOne(Contact contact) {
    live--;
    subnets.remove(contact.subnet());
  }

  private Bucket bucketOf(NodeId node) {
    return buckets[indexOf(node)];
  }

  private int indexOf(NodeId node) {
    return Math.min(Distance.commonPrefix(self, node), Distance.BITS - 1);
  }

  private List<Bucket> used() {
    return Arrays.asList(buckets).subList(0, top + 1);
  }

  private void each(Consumer<Contact> action) {
    for (var bucket : used()) {
      bucket.contacts().forEach(action);
    }
  }
}

package dev.cis.api;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a node answers. As JSON the fields have the names used here; they are stable: fields are
 * added, never renamed or removed. Times are ISO 8601 in UTC, a null field is left out.
 */
public sealed interface Result {
  /** It is done; the message says what, for people. */
  record Done(String message) implements Result {}

  /**
   * How the node is.
   *
   * @param listen sockets bound
   * @param addresses where others are told to reach it
   * @param realm name of the home realm
   * @param connected live connections
   * @param known peers in the address book
   * @param dht mode, or {@code off}
   * @param dhtNodes nodes in the routing table
   * @param rssBytes resident memory of the daemon, 0 where the system does not tell
   * @param online whether a member of the home realm or an anchor is connected
   * @param onlineReason who came, or who went last and why
   * @param onlineSince when that was
   * @param anchor whether this node serves others as an anchor
   * @param anchors NodeIds of the anchors in other realms that it is connected to
   * @param sources how each source of discovery stands
   * @param mdnsAddresses at how many addresses it announces itself
   * @param lastSearch when it last looked for more peers
   * @param lastSearchReason why it did
   * @param mappings how its port stands at the routers
   * @param relays NodeIds of the relays through which it can be reached
   * @param turn how the TURN servers of the configuration are used, null without any
   */
  record Status(
      String node,
      String did,
      String name,
      String version,
      String home,
      long pid,
      Instant startedAt,
      long uptimeSeconds,
      List<String> listen,
      List<String> addresses,
      Map<String, String> labels,
      String realm,
      int connected,
      int known,
      String dht,
      int dhtNodes,
      boolean mdns,
      long memoryItems,
      int apps,
      long rssBytes,
      boolean online,
      String onlineReason,
      Instant onlineSince,
      boolean anchor,
      List<String> anchors,
      List<DiscoverySource> sources,
      int mdnsAddresses,
      @Nullable Instant lastSearch,
      @Nullable String lastSearchReason,
      List<PortMapping> mappings,
      List<String> relays,
      @Nullable String turn)
      implements Result {}

  /**
   * How the node's UDP port stands at one router.
   *
   * @param gateway the router's address
   * @param state searching, mapped, none or stopped
   * @param protocol pcp, nat-pmp or upnp; empty without a mapping
   * @param external address and port on the router's outside; null without a mapping
   * @param leaseSeconds how long the router keeps it without being asked again
   * @param announced whether it is in the node's record, which others are told
   * @param reachable public, private or unknown, as anchors found out
   * @param reason why there is none, or why it is of no use
   */
  record PortMapping(
      String gateway,
      String device,
      String state,
      String protocol,
      @Nullable String external,
      long leaseSeconds,
      boolean announced,
      String reachable,
      String reason)
      implements Result {}

  /**
   * How a source of discovery stands.
   *
   * @param source mdns, bootstrap, manual, rendezvous or remembered
   * @param found nodes that it knows
   * @param connected how many of them are connected
   * @param failed how many could not be reached the last time
   */
  record DiscoverySource(String source, int found, int connected, int failed) implements Result {}

  /**
   * Something that happened with peers.
   *
   * @param event online, offline, peer-up, peer-down, anchor-up, anchor-down, lan-up, lan-down or
   *     search
   */
  record PeerEvent(
      Instant at, String event, @Nullable String node, @Nullable String name, String reason)
      implements Result {}

  /**
   * What one anchor found out.
   *
   * @param verdict reached, silent, too-often or impossible; null if it was not asked
   * @param address ours, as the anchor sees it
   * @param failure why it could not be asked
   */
  record ReachedBy(
      String anchor,
      String name,
      @Nullable String verdict,
      @Nullable String address,
      @Nullable String failure)
      implements Result {}

  /**
   * An address of this node.
   *
   * @param state unknown, public (the internet reaches it) or private
   * @param origins where it is known from: configured, mapped, observed, local
   * @param reached questions in a row to anchors that ended with a datagram that came
   * @param silent questions in a row that ended without one
   * @param seenBy in how many networks there are peers that see the node there
   * @param since when it got this state; null while nothing was found out
   * @param announced whether it is in the node's record
   */
  record OwnAddress(
      String address,
      String state,
      List<String> origins,
      int reached,
      int silent,
      int seenBy,
      @Nullable Instant since,
      boolean announced,
      String reason)
      implements Result {}

  /** What the anchors answered now, and what is known of each address. */
  record Reachability(List<ReachedBy> anchors, List<OwnAddress> addresses) implements Result {}

  /**
   * How the network treats this node.
   *
   * @param daemon whether the check was made from the socket that carries QUIC; otherwise from a
   *     socket of its own
   * @param udp yes, no, or unknown if there was nobody to ask
   * @param families IPv4 and IPv6, where there was a server to ask
   * @param servers what each STUN server said: the evidence
   * @param mappings how the port stands at the routers of this machine
   * @param anchors those that are connected, the nearest first
   * @param clockAheadMillis by how much the anchors' clocks are ahead of ours (the median);
   *     negative if ours is ahead
   * @param outlook open, forwarded, let-in, walled, punched, public, symmetric, unknown, blocked or
   *     nobody-asked
   * @param meaning the same in one sentence
   */
  record Netcheck(
      boolean daemon,
      String udp,
      List<NetcheckFamily> families,
      List<NetcheckServer> servers,
      List<PortMapping> mappings,
      List<NetcheckAnchor> anchors,
      @Nullable Long clockAheadMillis,
      String outlook,
      String meaning)
      implements Result {}

  /**
   * How one family of addresses is treated.
   *
   * @param family ipv4 or ipv6
   * @param udp yes or no
   * @param external addresses under which servers see this node
   * @param translated whether none of them is this machine's own; missing if nobody answered
   * @param mapping endpoint-independent, address-dependent, address-and-port-dependent (RFC 4787),
   *     two of them with "or" between if it is one of these, or unknown
   * @param mappingWhy how that was found out, or what is missing
   * @param filtering the same of who is let in
   * @param filteringWhy how that was found out, or what is missing
   */
  record NetcheckFamily(
      String family,
      String udp,
      List<String> external,
      @Nullable Boolean translated,
      String mapping,
      String mappingWhy,
      String filtering,
      String filteringWhy)
      implements Result {}

  /**
   * What a STUN server said.
   *
   * @param server as it was given: host and port
   * @param address where it was asked; missing if the name has no address
   * @param external where it sees this node
   * @param rttMillis what the answer took; missing if the question had to be repeated
   * @param second its second address and port, if it has them
   * @param failure why there is nothing
   */
  record NetcheckServer(
      String server,
      @Nullable String address,
      @Nullable String external,
      @Nullable Double rttMillis,
      @Nullable String second,
      @Nullable String failure)
      implements Result {}

  /**
   * How an anchor is connected.
   *
   * @param path direct or relay
   * @param clockAheadMillis by how much its clock is ahead of ours
   * @param clockErrorMillis by how much that may be wrong
   * @param failure why the clock is not known
   */
  record NetcheckAnchor(
      String node,
      String name,
      String address,
      String path,
      @Nullable Double rttMillis,
      @Nullable Long clockAheadMillis,
      @Nullable Long clockErrorMillis,
      @Nullable String failure)
      implements Result {}

  /**
   * An invitation.
   *
   * @param invitation its text, a secret
   * @param realm the realm's id
   * @param addresses where whoever is invited looks for members
   */
  record Invited(
      String invitation,
      String realm,
      String name,
      String role,
      Instant expires,
      List<String> addresses)
      implements Result {}

  /**
   * What became of an invitation.
   *
   * @param realm the realm's id
   * @param role what it grants: an admin is one only after the founder was met
   * @param home whether it is the home realm now
   * @param renewed whether this node was in it before
   */
  record Joined(String realm, String name, String role, boolean home, boolean renewed)
      implements Result {}

  /**
   * A key of a realm.
   *
   * @param epoch counts the keys, from 1
   * @param until when it is dropped
   * @param suspectSince when somebody who knows it was revoked
   */
  record RealmKey(long epoch, @Nullable Instant until, @Nullable Instant suspectSince)
      implements Result {}

  /**
   * A node in a list about a realm.
   *
   * @param node its id
   * @param name what people call it
   */
  record RealmNode(String node, String name) implements Result {}

  /**
   * A realm.
   *
   * @param realm its id, empty for the open realm
   * @param home whether memory, gossip and deployments are shared in it
   * @param role of this node: member, admin or founder
   * @param revoked whether this node is
   * @param sequence of its document, 0 while none has come
   * @param keys the newest first
   * @param members that have proved it to this node
   */
  record Realm(
      String realm,
      String name,
      boolean home,
      String role,
      boolean revoked,
      @Nullable RealmNode founder,
      List<RealmNode> admins,
      long sequence,
      List<RealmKey> keys,
      List<RealmNode> members,
      List<RealmNode> revocations)
      implements Result {}

  /**
   * A node that is allowed or denied by name.
   *
   * @param node its id
   * @param configured whether config.toml says so, else a command has
   */
  record AccessEntry(String node, String name, boolean configured) implements Result {}

  /**
   * Who is allowed and denied by name.
   *
   * @param only whether nobody else than those allowed is let in
   */
  record AccessLists(boolean only, List<AccessEntry> allowed, List<AccessEntry> denied)
      implements Result {}

  /** Realms, the home realm first. */
  record Realms(List<Realm> realms) implements Result {}

  /**
   * A peer.
   *
   * @param path direct or relay when connected, else null
   * @param rttMillis smoothed round trip, null until measured
   * @param direction outbound or inbound
   * @param address of the live connection
   * @param addresses every address known
   * @param source how it was found
   * @param seen when it was last connected or announced
   * @param refused whether it answered the last attempt and refused us: it is of another realm
   * @param failure why the last attempt failed
   */
  record Peer(
      @Nullable String node,
      String name,
      boolean connected,
      @Nullable String path,
      @Nullable Double rttMillis,
      @Nullable String direction,
      @Nullable String address,
      List<String> addresses,
      Map<String, String> labels,
      @Nullable String source,
      boolean manual,
      @Nullable Instant since,
      @Nullable Instant seen,
      int streams,
      long bytesSent,
      long bytesReceived,
      boolean refused,
      @Nullable String failure)
      implements Result {}

  /**
   * Peers, connected ones first.
   *
   * @param ended the latest connections that ended, newest first, at most 20; none with those that
   *     were only discovered
   */
  record Peers(List<Peer> peers, List<ConnectionEnd> ended) implements Result {}

  /**
   * A limit and how it stands.
   *
   * @param name what is limited
   * @param key the setting that limits it
   * @param unit bytes, or what is counted
   * @param limit the most there may be; missing where there is none
   * @param used how much there is; with a limit per peer or address, of the busiest
   * @param peak the most there was since the start
   * @param refused how often it refused something since the start
   * @param busiest who uses most, with a limit per peer or address
   */
  record Limit(
      String name,
      String key,
      String unit,
      @Nullable Long limit,
      long used,
      long peak,
      long refused,
      @Nullable String busiest)
      implements Result {}

  /** Every limit. */
  record Limits(List<Limit> limits) implements Result {}

  /** The peer now connected. */
  record Connected(Peer peer) implements Result {}

  /**
   * Why a peer is connected as it is, or is not.
   *
   * @param online whether this node has any member of the home realm or an anchor connected
   * @param traversal whether this node uses relays and looks for direct paths
   *     (p2p.enable_nat_traversal)
   * @param admitted whether access.allow and access.deny of this node let the peer in
   * @param kept whether it is dialled again whenever it is lost
   * @param foundBy the sources of discovery that know it
   * @param link the connection, if there is one
   * @param rest why nothing dials it at present, if that is so
   * @param attempts each known address and what came of it
   * @param relays those that its record names, and those that were asked for it
   * @param ended its latest connections that ended, newest first
   * @param verdict direct, searching, relayed, other-realm, not-admitted, disconnected, refused,
   *     wrong-identity, no-address, not-tried, offline, no-relay, unreachable or lost
   * @param meaning the same in words, and what to do
   */
  record Why(
      String node,
      String name,
      boolean online,
      boolean traversal,
      boolean admitted,
      boolean kept,
      List<String> foundBy,
      @Nullable WhyLink link,
      @Nullable WhyRest rest,
      List<WhyAttempt> attempts,
      List<WhyRelay> relays,
      List<ConnectionEnd> ended,
      String verdict,
      String meaning)
      implements Result {}

  /**
   * The connection to a peer.
   *
   * @param path direct or relay
   * @param direction outbound or inbound
   * @param address where its packets go: the peer's address, or the relay's
   * @param member whether the peer proved the home realm on it
   * @param relay the name of the relay in use
   * @param search how the search for a direct path stands, where there is or was one
   * @param searchSeconds in how long the next one begins
   */
  record WhyLink(
      String path,
      String direction,
      String address,
      @Nullable Double rttMillis,
      Instant since,
      boolean member,
      @Nullable String relay,
      @Nullable String search,
      @Nullable Long searchSeconds)
      implements Result {}

  /**
   * Why nothing dials a peer at present, unless a user asks for it.
   *
   * @param seconds for how much longer
   * @param disconnected whether a user, here or there, ended the connection
   * @param failures attempts in a row that failed
   */
  record WhyRest(long seconds, boolean disconnected, int failures, String reason)
      implements Result {}

  /**
   * What is known of an address of a peer.
   *
   * @param source who said so: record, mdns, bootstrap, manual, rendezvous, observed, dht or
   *     dialled
   * @param worked when a connection to it last worked
   * @param failed when an attempt last failed
   * @param failure why it failed
   * @param next what is done with it next, for people
   */
  record WhyAttempt(
      String address,
      String source,
      @Nullable Instant worked,
      @Nullable Instant failed,
      @Nullable String failure,
      String next)
      implements Result {}

  /**
   * A relay between this node and a peer.
   *
   * @param named whether the peer's record names it
   * @param ours whether this node has a place there
   * @param connected whether this node is connected to it
   * @param inUse whether the packets go through it
   * @param asked when it was last asked to join the two
   * @param failure why it did not
   */
  record WhyRelay(
      String node,
      String name,
      boolean named,
      boolean ours,
      boolean connected,
      boolean inUse,
      @Nullable Instant asked,
      @Nullable String failure)
      implements Result {}

  /**
   * One ping; rtt or failure is null.
   *
   * @param path of the answer: direct or relay
   */
  record Pong(
      int sequence, @Nullable Double rttMillis, @Nullable String path, @Nullable String failure)
      implements Result {}

  /**
   * All pings; the times are null when none was answered.
   *
   * @param path of the last answer: direct or relay
   */
  record PingSummary(
      String node,
      String name,
      int sent,
      int received,
      @Nullable Double minMillis,
      @Nullable Double averageMillis,
      @Nullable Double maxMillis,
      @Nullable String path)
      implements Result {}

  /** What became of a publication: how many neighbours took it. */
  record Published(String id, String topic, int peers) implements Result {}

  /**
   * A message heard.
   *
   * @param text the payload, when it is text
   * @param base64 the payload, when it is not
   * @param hops links crossed
   */
  record Heard(
      String topic,
      String author,
      String authorName,
      @Nullable String text,
      @Nullable String base64,
      Instant published,
      int hops)
      implements Result {}

  /** Where a node is. */
  record Located(
      String node, String name, List<String> addresses, Map<String, String> labels, Instant expiry)
      implements Result {}

  /**
   * Who provides a namespace.
   *
   * @param key the place of the namespace
   */
  record Providers(String namespace, String key, List<Located> providers) implements Result {}

  /**
   * A value out of the DHT, verified.
   *
   * @param value the value, when it is text
   * @param base64 the value, when it is not
   * @param author who signed it; missing for an immutable value, as are salt and sequence
   * @param salt what tells several values of the author apart, missing when it is not text
   */
  record DhtValue(
      String key,
      @Nullable String value,
      @Nullable String base64,
      @Nullable String author,
      @Nullable String authorName,
      @Nullable String salt,
      @Nullable Long sequence)
      implements Result {}

  /**
   * A value that was put into the DHT.
   *
   * @param key where it is
   * @param nodes how many nodes keep it
   * @param sequence missing for an immutable value
   */
  record DhtStored(String key, int nodes, @Nullable Long sequence) implements Result {}

  /**
   * A namespace that this node provides.
   *
   * @param key its place
   * @param nodes how many nodes keep it so far
   * @param until when it will be withdrawn
   */
  record DhtProvided(String namespace, String key, int nodes, @Nullable Instant until)
      implements Result {}

  /**
   * A node in the routing table.
   *
   * @param bucket how many leading bits its id shares with that of this node
   * @param live false when it has failed too often
   * @param rttMillis the round trip, when there is a connection
   * @param silentSeconds for how long it was not heard
   * @param failures requests in a row that it did not answer
   */
  record DhtContact(
      String node,
      String name,
      int bucket,
      boolean live,
      @Nullable Double rttMillis,
      long knownSeconds,
      long silentSeconds,
      int failures,
      List<String> addresses)
      implements Result {}

  /**
   * The routing table, and what the DHT of this node did.
   *
   * @param live nodes that answer
   * @param waiting nodes that wait for a place in a full bucket
   * @param kept records kept for others
   * @param published values and namespaces that this node repeats
   * @param requests requests sent; answered well, and failed
   * @param served requests of others answered
   * @param malformed requests of others that could not be read
   * @param badAnswers answers of the wrong kind, or that nobody asked for
   * @param rejectedRecords records in answers that lied, had run out or were of no use
   * @param stores what became of records that others wanted kept: {@code kept}, or why not
   */
  record DhtTable(
      String mode,
      int live,
      int waiting,
      List<DhtContact> contacts,
      int kept,
      long keptBytes,
      int published,
      long requests,
      long answered,
      long failed,
      long served,
      long malformed,
      long badAnswers,
      long rejectedRecords,
      Map<String, Long> stores)
      implements Result {}

  /** One exchange of memory. */
  record Exchange(
      String node,
      String name,
      int received,
      int sent,
      long bytesReceived,
      long bytesSent,
      double millis,
      boolean full,
      @Nullable String failure)
      implements Result {}

  /** Exchanges, one a peer. */
  record Exchanges(List<Exchange> exchanges) implements Result {}

  /** Replication with one peer. */
  record PeerSync(
      String node,
      String name,
      @Nullable Instant lastExchange,
      long behind,
      @Nullable String failure)
      implements Result {}

  /** Replication. */
  record SyncState(long live, long tombstones, long conflicts, long refused, List<PeerSync> peers)
      implements Result {}

  /**
   * A memory entry.
   *
   * @param value the value, when it is text
   * @param base64 the value, when it is not
   * @param clock writes seen per author
   */
  record Item(
      String domain,
      String category,
      String key,
      @Nullable String value,
      @Nullable String base64,
      @Nullable List<Double> vector,
      String author,
      String authorName,
      long sequence,
      Instant written,
      Map<String, Long> clock,
      boolean deleted)
      implements Result {}

  /** Entries in key order; with more, ask again after the last key. */
  record Items(List<Item> items, boolean more) implements Result {}

  /** One target of a deployment. */
  record Progress(
      String node, String name, String phase, long bytesDone, long bytesTotal, String reason)
      implements Result {}

  /**
   * A deployment.
   *
   * @param outcome done, partial, failed, waiting (the time was over), started (not waited for) or
   *     dry-run
   */
  record Deployed(
      String app,
      String version,
      @Nullable String digest,
      long sequence,
      String outcome,
      List<Progress> nodes)
      implements Result {}

  /** An application on a node. */
  record App(
      String app,
      String version,
      String node,
      String nodeName,
      String phase,
      String reason,
      @Nullable Long pid,
      @Nullable Instant startedAt,
      int restarts,
      @Nullable Integer exitStatus,
      String limits,
      List<String> versions,
      List<String> lastLines,
      double ageSeconds,
      boolean stale)
      implements Result {}

  /** Applications. */
  record Apps(List<App> apps) implements Result {}

  /** What one node answered. */
  record CommandResult(String node, String name, boolean ok, @Nullable String code, String message)
      implements Result {}

  /** What each node answered. */
  record CommandResults(List<CommandResult> results) implements Result {}

  /**
   * A piece of a log.
   *
   * @param kind line, gap or end
   * @param stream stdout, stderr or events, for a line
   * @param exitStatus for an end
   */
  record LogLine(
      String node,
      String nodeName,
      String kind,
      @Nullable String stream,
      @Nullable Instant at,
      String text,
      @Nullable Integer exitStatus)
      implements Result {}

  /**
   * What a node says of itself.
   *
   * @param self whether it is this node
   * @param at when it said so
   * @param stale whether that is long ago
   */
  record NodeFacts(
      String node,
      String did,
      String name,
      boolean self,
      boolean connected,
      Map<String, String> labels,
      @Nullable String version,
      @Nullable Integer cpus,
      @Nullable Double load,
      @Nullable Long memoryTotal,
      @Nullable Long memoryFree,
      @Nullable Long diskTotal,
      @Nullable Long diskFree,
      List<String> apps,
      List<String> addresses,
      @Nullable Instant at,
      boolean stale)
      implements Result {}

  /** Nodes by name. */
  record Nodes(List<NodeFacts> nodes) implements Result {}

  /**
   * What travels with one peer, for one protocol, or in all. Rates are bytes a second.
   *
   * @param name of the peer or protocol
   * @param node of a peer
   * @param priority of a protocol: control, interactive or bulk
   * @param inSecond averaged over about a second
   * @param inMinute averaged over about a minute
   * @param inTotal bytes since the daemon started
   * @param inLimit missing for no limit
   */
  record Usage(
      String name,
      @Nullable String node,
      @Nullable String priority,
      double inSecond,
      double inMinute,
      long inTotal,
      @Nullable Long inLimit,
      double outSecond,
      double outMinute,
      long outTotal,
      @Nullable Long outLimit)
      implements Result {}

  /** Everything that travels on streams, and the limits on it. */
  record Bandwidth(Usage all, List<Usage> peers, List<Usage> protocols) implements Result {}

  /**
   * How a connection ended.
   *
   * @param how who ended it and with which close code in words, or lost
   * @param code the close code, null if it was lost
   */
  record ConnectionEnd(
      String node, String name, Instant at, String how, @Nullable Long code, String reason)
      implements Result {}

  /**
   * What happened on the network since the daemon started.
   *
   * @param dials connections that this node made
   * @param failedDials attempts at single addresses that led to none
   * @param accepted connections that others made
   * @param ended connections that ended, by how
   * @param packetsSent QUIC packets, of all connections
   * @param bytesSent with everything that QUIC adds
   * @param ends the latest, newest first, at most 4 of each peer
   */
  record Counters(
      long dials,
      long failedDials,
      long accepted,
      Map<String, Long> ended,
      long streamsOpened,
      long streamsAccepted,
      long streamsRefused,
      long packetsSent,
      long packetsReceived,
      long packetsLost,
      long packetsRetransmitted,
      long bytesSent,
      long bytesReceived,
      List<ConnectionEnd> ends)
      implements Result {}

  /**
   * A recording of a connection.
   *
   * @param file where it grows, missing when it was asked to stop
   * @param stopped whether one was ended
   */
  record Qlog(String node, @Nullable String file, boolean stopped) implements Result {}
}

package dev.cis.api;

import dev.cis.kernel.fault.Fault;
import dev.cis.transport.realm.Invitation;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a user can ask of a running node. On the wire a request is named by its record's name in
 * kebab case. NODE fields take a NodeId, a unique prefix of one, a name, or a DID.
 */
public sealed interface Request {
  /** Longest text of a field that has no other limit, in characters. */
  int MAX_TEXT = 1024;

  /** How the node is. Answer: {@link Result.Status}. */
  record Status() implements Request {}

  /** Ends the daemon. Answer: {@link Result.Done}, before it has ended. */
  record Stop() implements Request {}

  /**
   * Who is known. Answer: {@link Result.Peers}.
   *
   * @param connected only peers with a live connection
   * @param discovered only what discovery found, answered or not
   */
  record Peers(boolean connected, boolean discovered) implements Request {}

  /**
   * Connects. Answer: {@link Result.Connected}.
   *
   * @param address host:port, NODE@host:port, did:cis:...@host:port, or a NODE to be found
   */
  record Connect(String address) implements Request {
    /** Checks the field. */
    public Connect {
      present("address", address);
    }
  }

  /** Ends the connection to a peer. Answer: {@link Result.Done}. */
  record Disconnect(String node) implements Request {
    /** Checks the field. */
    public Disconnect {
      present("node", node);
    }
  }

  /**
   * Adds a peer by hand. Answer: {@link Result.Done}.
   *
   * @param node its NodeId, or a name for it; with a name the peer must answer, so that its id is
   *     learnt
   * @param address where it is
   * @param did an alias to pin to it, null for none
   */
  record AddPeer(String node, String address, @Nullable String did) implements Request {
    /** Checks the fields. */
    public AddPeer {
      present("node", node);
      present("address", address);
    }
  }

  /** Forgets a peer. Answer: {@link Result.Done}. */
  record RemovePeer(String node) implements Request {
    /** Checks the field. */
    public RemovePeer {
      present("node", node);
    }
  }

  /** Looks for peers now. Answer: {@link Result.Done}. */
  record Discover(String reason) implements Request {
    /** Checks the field. */
    public Discover {
      present("reason", reason);
    }
  }

  /**
   * What happened with peers. Streams {@link Result.PeerEvent}, the oldest first; ends with {@link
   * Result.Done}.
   *
   * @param follow whether to go on with what happens from now on
   */
  record Events(boolean follow) implements Request {}

  /**
   * Where others can reach this node: what is known of each address, and what anchors say now.
   *
   * @param anchor the one to ask; null for every anchor that is connected
   * @param known nobody is asked
   */
  record Reachable(@Nullable String anchor, boolean known) implements Request {}

  /**
   * How the network treats this node. Takes some seconds. Answer: {@link Result.Netcheck}.
   *
   * @param stun servers to ask, {@code host:port}; none stands for those that are configured
   */
  record Netcheck(List<String> stun) implements Request {
    /** Checks the field. */
    public Netcheck {
      stun = List.copyOf(stun);
      within("stun", stun.size(), 0, 16);
    }
  }

  /** How every limit of the node stands. Answer: {@link Result.Limits}. */
  record Limits() implements Request {}

  /** Why a peer is connected as it is, or is not. Answer: {@link Result.Why}. */
  record Why(String node) implements Request {
    /** Checks the field. */
    public Why {
      present("node", node);
    }
  }

  /**
   * Measures the round trip. Streams {@link Result.Pong}; ends with {@link Result.PingSummary}.
   *
   * @param count 1 to 10,000, one a second
   * @param untilDirect whether to end with the first answer that came on a direct path
   */
  record Ping(String node, int count, boolean untilDirect) implements Request {
    /** Checks the fields. */
    public Ping {
      present("node", node);
      within("count", count, 1, 10_000);
    }
  }

  /**
   * Publishes. Answer: {@link Result.Published}.
   *
   * @param ttl hops at most; 0 chooses
   * @param probability share of links to forward on; 0 stands for the default
   * @param waitMillis how long to wait for a first peer when there is none
   */
  record Broadcast(String topic, String message, int ttl, double probability, long waitMillis)
      implements Request {
    /** Checks the fields. */
    public Broadcast {
      present("topic", topic);
      required("message", message);
      within("ttl", ttl, 0, 255);
      within("waitMillis", waitMillis, 0, 3_600_000);
      if (!(probability >= 0 && probability <= 1)) {
        throw bad("probability", "is from 0 to 1");
      }
    }
  }

  /** Hears a topic. Streams {@link Result.Heard} until the client goes. */
  record Subscribe(String topic) implements Request {
    /** Checks the field. */
    public Subscribe {
      present("topic", topic);
    }
  }

  /** Finds a node through the DHT. Answer: {@link Result.Located}. */
  record Find(String node) implements Request {
    /** Checks the field. */
    public Find {
      present("node", node);
    }
  }

  /** Finds who provides a namespace of the home realm. Answer: {@link Result.Providers}. */
  record FindProviders(String namespace) implements Request {
    /** Checks the field. */
    public FindProviders {
      present("namespace", namespace);
    }
  }

  /** Reads a value from the DHT. Answer: {@link Result.DhtValue}. */
  record DhtGet(String key) implements Request {
    /** Checks the field. */
    public DhtGet {
      present("key", key);
    }
  }

  /**
   * Puts a value into the DHT. Answer: {@link Result.DhtStored}.
   *
   * @param value at most 1,000 bytes
   * @param base64 whether the value is written in base64
   * @param mutable whether it is signed by this node, at a place that later values take over;
   *     otherwise it is at the place of its hash
   * @param salt what tells several mutable values of this node apart, at most 64 bytes; null for
   *     none
   * @param sequence of a mutable value, 1 or more; null for one more than the value there has
   * @param expected the sequence that the value there must have, null for the one it is found with
   */
  record DhtPut(
      String value,
      boolean base64,
      boolean mutable,
      @Nullable String salt,
      @Nullable Long sequence,
      @Nullable Long expected)
      implements Request {
    /** Checks the fields. */
    public DhtPut {
      required("value", value);
      if (!mutable && (salt != null || sequence != null || expected != null)) {
        throw bad("mutable", "is missing: salt, sequence and expected are of mutable values");
      }
      if (sequence != null) {
        within("sequence", sequence, 1, Long.MAX_VALUE);
      }
      if (expected != null) {
        within("expected", expected, 0, Long.MAX_VALUE);
      }
    }
  }

  /**
   * Says to the members of the home realm that this node provides a namespace. Answer: {@link
   * Result.DhtProvided}.
   *
   * @param seconds for how long, at most a year; 0 until it is withdrawn
   */
  record DhtProvide(String namespace, long seconds) implements Request {
    /** Checks the fields. */
    public DhtProvide {
      present("namespace", namespace);
      within("seconds", seconds, 0, 366 * 86_400L);
    }
  }

  /** Says it no more. Answer: {@link Result.Done}. */
  record DhtWithdraw(String namespace) implements Request {
    /** Checks the field. */
    public DhtWithdraw {
      present("namespace", namespace);
    }
  }

  /** The routing table, and what the DHT did. Answer: {@link Result.DhtTable}. */
  record DhtTable() implements Request {}

  /**
   * Synchronises now. Answer: {@link Result.Exchanges}.
   *
   * @param node with whom, null for every connected peer
   * @param full whether to compare everything
   */
  record Sync(@Nullable String node, boolean full) implements Request {}

  /** How replication stands. Answer: {@link Result.SyncState}. */
  record SyncStatus() implements Request {}

  /**
   * Writes memory. Answer: {@link Result.Item}.
   *
   * @param base64 whether the value is given in base64
   * @param vector an embedding, null for none
   */
  record MemorySet(
      String domain,
      @Nullable String category,
      String key,
      String value,
      boolean base64,
      @Nullable List<Double> vector)
      implements Request {
    /** Checks the fields. */
    public MemorySet {
      present("domain", domain);
      present("key", key);
      required("value", value);
    }
  }

  /** Reads memory. Answer: {@link Result.Item}. */
  record MemoryGet(String domain, String key) implements Request {
    /** Checks the fields. */
    public MemoryGet {
      present("domain", domain);
      present("key", key);
    }
  }

  /**
   * Lists memory. Answer: {@link Result.Items}.
   *
   * @param prefix keys begin so
   * @param category only this one, null for all
   * @param after only greater keys
   * @param limit 1 to 100
   */
  record MemoryList(
      String domain,
      @Nullable String prefix,
      @Nullable String category,
      @Nullable String after,
      int limit)
      implements Request {
    /** Most entries in one answer. */
    public static final int MAX_PAGE = 100;

    /** Checks the fields. */
    public MemoryList {
      present("domain", domain);
      within("limit", limit, 1, MAX_PAGE);
    }
  }

  /** Deletes from memory. Answer: {@link Result.Item}, the tombstone. */
  record MemoryDelete(String domain, String key) implements Request {
    /** Checks the fields. */
    public MemoryDelete {
      present("domain", domain);
      present("key", key);
    }
  }

  /** Hears changes. Streams {@link Result.Item} until the client goes. */
  record MemoryWatch(String domain, @Nullable String prefix) implements Request {
    /** Checks the field. */
    public MemoryWatch {
      present("domain", domain);
    }
  }

  /**
   * Deploys the package that follows as an upload. Streams {@link Result.Progress}; ends with
   * {@link Result.Deployed}.
   *
   * @param nodes NODEs, null for no restriction
   * @param labels a label selector such as {@code env=test,tier in (a,b)}, null for none
   * @param key the publisher key in this node's keys/ that signs the order, null for the only one
   * @param dryRun only says which nodes would be told
   * @param await whether to wait until every target has come to an end
   * @param waitMillis how long at most
   */
  record Deploy(
      @Nullable List<String> nodes,
      @Nullable String labels,
      @Nullable String key,
      boolean dryRun,
      boolean await,
      long waitMillis)
      implements Request {
    /** Checks the fields. */
    public Deploy {
      within("waitMillis", waitMillis, 0, 86_400_000);
      if (nodes != null && labels != null) {
        throw bad("labels", "cannot be given together with nodes");
      }
    }
  }

  /** Applications of all nodes. Answer: {@link Result.Apps}. */
  record AppList(@Nullable String node, @Nullable String labels) implements Request {}

  /**
   * Starts, stops, restarts or removes an application. Answer: {@link Result.CommandResults}.
   *
   * @param action start, stop, restart or remove
   * @param key the publisher key that signs, null for the only one
   */
  record AppCommand(
      String action,
      String app,
      @Nullable String node,
      @Nullable String labels,
      @Nullable String key)
      implements Request {
    /** Checks the fields. */
    public AppCommand {
      present("action", action);
      present("app", app);
    }
  }

  /**
   * Reads logs. Streams {@link Result.LogLine}; ends with {@link Result.Done}.
   *
   * @param stream stdout, stderr or events; null for all
   * @param since not before; null for no limit
   * @param until not after; null for no limit
   * @param tail newest lines per node; negative for all
   * @param grep a regular expression, null for all lines
   * @param key the publisher key that signs, null for the only one
   */
  record Logs(
      String app,
      @Nullable String node,
      @Nullable String stream,
      boolean follow,
      @Nullable Instant since,
      @Nullable Instant until,
      int tail,
      @Nullable String grep,
      @Nullable String key)
      implements Request {
    /** Checks the field. */
    public Logs {
      present("app", app);
    }
  }

  /** What every node says of itself. Answer: {@link Result.Nodes}. */
  record NodeList() implements Request {}

  /** The same of one node. Answer: {@link Result.NodeFacts}. */
  record NodeInfo(String node) implements Request {
    /** Checks the field. */
    public NodeInfo {
      present("node", node);
    }
  }

  /**
   * Changes labels of this node, durably. Answer: {@link Result.NodeFacts}.
   *
   * @param node this node
   * @param set labels to set
   * @param unset labels to take away
   */
  record NodeLabel(String node, @Nullable Map<String, String> set, @Nullable List<String> unset)
      implements Request {
    /** Checks the field. */
    public NodeLabel {
      present("node", node);
    }
  }

  /** What travels, and how much may. Answer: {@link Result.Bandwidth}. */
  record Bandwidth() implements Request {}

  /**
   * Changes limits until the daemon stops. Answer: {@link Result.Done}.
   *
   * @param node of one peer, null for none
   * @param protocol of one protocol, null for none; with neither, of the whole node
   * @param in a rate such as 5MiB, 0 for no limit, null leaves it
   * @param out the same for what is sent
   */
  record BandwidthLimit(
      @Nullable String node, @Nullable String protocol, @Nullable String in, @Nullable String out)
      implements Request {
    /** Checks the fields. */
    public BandwidthLimit {
      if (node != null && protocol != null) {
        throw bad("protocol", "and 'node' are not given together");
      }
      if (in == null && out == null) {
        throw bad("in", "or 'out' is given");
      }
    }
  }

  /**
   * Makes an invitation, which is a secret. Answer: {@link Result.Invited}.
   *
   * @param realm name or id, null for the home realm
   * @param role member or admin, null for member
   * @param expiresSeconds how long it is good, 60 to a year
   */
  record Invite(@Nullable String realm, @Nullable String role, long expiresSeconds)
      implements Request {
    /** Checks the field. */
    public Invite {
      within("expiresSeconds", expiresSeconds, 60, 366 * 86_400L);
    }
  }

  /**
   * Joins a realm. Answer: {@link Result.Joined}.
   *
   * @param invitation its text
   * @param home whether to make it the home realm in any case
   */
  record Join(String invitation, boolean home) implements Request {
    /** Checks the field. */
    public Join {
      required("invitation", invitation);
      if (invitation.length() > 2 * Invitation.MAX_TEXT) {
        throw bad("invitation", "has at most " + Invitation.MAX_TEXT + " characters");
      }
    }
  }

  /** The realms of this node, the home realm first. Answer: {@link Result.Realms}. */
  record RealmList() implements Request {}

  /**
   * How a realm stands. Answer: {@link Result.Realm}.
   *
   * @param realm name or id, null for the home realm
   */
  record RealmShow(@Nullable String realm) implements Request {}

  /** Founds a realm. Answer: {@link Result.Realm}. */
  record RealmCreate(String name) implements Request {
    /** Checks the field. */
    public RealmCreate {
      present("name", name);
    }
  }

  /**
   * Makes a new key. Answer: {@link Result.Realm}.
   *
   * @param realm name or id, null for the home realm
   * @param graceSeconds how long older keys stay good, at most a year
   */
  record RealmRotateKey(@Nullable String realm, long graceSeconds) implements Request {
    /** Checks the field. */
    public RealmRotateKey {
      within("graceSeconds", graceSeconds, 0, 366 * 86_400L);
    }
  }

  /**
   * Shuts a node out of a realm for good, with a new key. Answer: {@link Result.Realm}.
   *
   * @param realm name or id, null for the home realm
   * @param node whom
   * @param graceSeconds how long older keys stay good for members met before, at most a year
   */
  record RealmRevoke(@Nullable String realm, String node, long graceSeconds) implements Request {
    /** Checks the fields. */
    public RealmRevoke {
      present("node", node);
      within("graceSeconds", graceSeconds, 0, 366 * 86_400L);
    }
  }

  /**
   * Leaves a realm. Answer: {@link Result.Done}.
   *
   * @param realm name or id, {@code open} for the open realm
   * @param home which realm is home then, null keeps the present one
   */
  record RealmLeave(String realm, @Nullable String home) implements Request {
    /** Checks the field. */
    public RealmLeave {
      present("realm", realm);
    }
  }

  /** Who is allowed and denied by name. Answer: {@link Result.AccessLists}. */
  record AccessList() implements Request {}

  /** Shuts a node out by name. Answer: {@link Result.Done}. */
  record Deny(String node) implements Request {
    /** Checks the field. */
    public Deny {
      present("node", node);
    }
  }

  /**
   * Denies a node no more. Answer: {@link Result.Done}.
   *
   * @param node whom; null to end the list of those who alone are allowed
   * @param only whether only those on the list are allowed from now on
   */
  record Allow(@Nullable String node, boolean only) implements Request {
    /** Checks the fields. */
    public Allow {
      if (node == null && only) {
        throw bad("node", "is missing");
      }
    }
  }

  /** What happened on the network since the start. Answer: {@link Result.Counters}. */
  record Counters() implements Request {}

  /**
   * Records the connection to a peer as qlog. Answer: {@link Result.Qlog}.
   *
   * @param stop whether to end it
   */
  record Qlog(String node, boolean stop) implements Request {
    /** Checks the field. */
    public Qlog {
      present("node", node);
    }
  }

  private static void required(String field, @Nullable String value) {
    if (value == null) {
      throw bad(field, "is missing");
    }
  }

  private static void present(String field, @Nullable String value) {
    if (value == null) {
      throw bad(field, "is missing");
    }
    if (value.isBlank() || value.length() > MAX_TEXT) {
      throw bad(field, "has 1 to " + MAX_TEXT + " characters");
    }
  }

  private static void within(String field, long value, long least, long most) {
    if (value < least || value > most) {
      throw bad(field, "is from " + least + " to " + most + ", not " + value);
    }
  }

  private static Fault bad(String field, String rule) {
    return new Fault(ApiCode.MALFORMED, "'" + field + "' " + rule);
  }
}

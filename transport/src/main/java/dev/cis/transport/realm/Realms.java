package dev.cis.transport.realm;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Uptime;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerLocator;
import dev.cis.transport.Swarm;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The realms of a node, the home realm first, and its lists of allowed and denied nodes: what the
 * node admits, and what its admin can change. Changes are on disk before a method returns.
 */
public final class Realms implements Admission {
  /** Most realms of one node, the open one not counted. */
  public static final int MAX_REALMS = 8;

  /** How long a key stays good after a newer one has come, unless something else is said. */
  public static final Duration GRACE = Duration.ofDays(7);

  private static final int MEETING_KEYS = 2;

  private static final Secret OPEN_SECRET = OPEN.secrets(NodeId.of(new byte[32])).getFirst();

  /**
   * How a realm stands, for people.
   *
   * @param id 32 hexadecimal digits, empty for the open realm
   * @param home whether memory, gossip and deployments are shared in it
   * @param role ours
   * @param revoked whether we are
   * @param founder null for the open realm
   * @param sequence of its document, 0 if none reached us yet
   * @param keys the newest first
   * @param met members that have proved it to us
   */
  public record View(
      String id,
      String name,
      boolean home,
      Role role,
      boolean revoked,
      @Nullable NodeId founder,
      List<NodeId> admins,
      long sequence,
      List<RealmKey> keys,
      Set<NodeId> revocations,
      Set<NodeId> met) {}

  /**
   * An entry of the lists of allowed and denied nodes.
   *
   * @param configured whether the configuration says so, else {@link #allow} or {@link #deny}
   */
  public record Access(NodeId node, boolean allowed, boolean configured) {}

  /** What became of an invitation. */
  public record Joined(String realm, String name, Role granted, boolean home, boolean renewed) {}

  private final KeyPair self;
  private final @Nullable RealmFile file;
  private final Supplier<Instant> clock;
  private final SecureRandom random = new SecureRandom();
  private final AccessConfig config;
  private final AccessLists access;
  private final Map<String, Membership> memberships = new LinkedHashMap<>();
  private final List<Runnable> watchers = new CopyOnWriteArrayList<>();
  private final List<BiConsumer<NodeId, Set<String>>> greeters = new CopyOnWriteArrayList<>();
  private volatile String home = OPEN_REALM;
  private boolean open;
  private boolean dirty;

  private Realms(
      KeyPair self, @Nullable RealmFile file, AccessConfig access, Supplier<Instant> clock) {
    this.self = self;
    this.file = file;
    this.clock = clock;
    this.config = access;
    this.access = new AccessLists(access);
  }

  /**
   * The realms in a file. Without a file, or in none, this node is in none until it makes or joins
   * one.
   *
   * @throws Fault {@code realm.corrupt}, {@code realm.insecure-file}, {@code realm.store-failed}
   */
  public static Realms open(Path path, KeyPair self, AccessConfig access) {
    return of(new RealmFile(path), self, access, () -> Uptime.CLOCK.now().wall());
  }

  /** Realms that are forgotten with the process. */
  public static Realms inMemory(KeyPair self, AccessConfig access, Supplier<Instant> clock) {
    return of(null, self, access, clock);
  }

  static Realms of(
      @Nullable RealmFile file, KeyPair self, AccessConfig access, Supplier<Instant> clock) {
    var realms = new Realms(self, file, access, clock);
    var content = file == null ? null : file.read();
    if (content != null) {
      realms.home = content.home();
      realms.open = content.open();
      content.memberships().forEach(m -> realms.memberships.put(m.realm(), m));
      realms.access.said(content.access());
    }
    return realms;
  }

  /** Whether a realm may be called so. */
  public static boolean isName(String text) {
    return Charter.isName(text);
  }

  /** Whether it is in no realm at all. */
  public synchronized boolean isEmpty() {
    return memberships.isEmpty() && !open;
  }

  // What is admitted.

  @Override
  public String home() {
    return home;
  }

  @Override
  public boolean admits(NodeId node) {
    return access.admits(node);
  }

  @Override
  public boolean admitsAuthor(NodeId author) {
    if (author.equals(self.nodeId())) {
      return true;
    }
    if (!admits(author)) {
      return false;
    }
    synchronized (this) {
      var membership = memberships.get(home);
      return membership == null || !membership.revoked.contains(author);
    }
  }

  @Override
  public Strangers strangers() {
    return config.strangers();
  }

  @Override
  public boolean usesAnchors() {
    return config.useAnchors();
  }

  @Override
  public synchronized List<Secret> secrets(NodeId peer) {
    var now = clock.get();
    var secrets = new ArrayList<Secret>();
    for (var membership : memberships.values()) {
      if (membership.revoked.contains(peer)) {
        continue;
      }
      var realm = membership.realm();
      membership.keys().stream()
          .filter(key -> membership.isGood(key, peer, now))
          .limit(RealmDocument.MAX_KEYS)
          .forEach(key -> secrets.add(new Secret(realm, key.key())));
    }
    if (open && secrets.size() < MAX_SECRETS) {
      secrets.add(OPEN_SECRET);
    }
    return secrets;
  }

  @Override
  public synchronized void proved(NodeId peer, Collection<Secret> secrets) {
    for (var secret : secrets) {
      var membership = memberships.get(secret.realm());
      if (membership != null) {
        membership.keys().stream()
            .filter(key -> key.key().equals(secret.key()))
            .findFirst()
            .ifPresent(key -> dirty |= membership.met(peer, key.epoch(), clock.get()));
      }
    }
  }

  @Override
  public void up(NodeId peer, Set<String> realms) {
    greeters.forEach(greeter -> greeter.accept(peer, realms));
  }

  @Override
  public synchronized Set<String> still(NodeId peer, Set<String> realms) {
    return realms.stream()
        .filter(realm -> {
          var membership = memberships.get(realm);
          return realm.equals(ANCHOR_REALM)
              || (membership == null ? open && realm.isEmpty() : membership.isWelcome(peer));
        })
        .collect(Collectors.toSet());
  }

  @Override
  public Swarm.Registration watch(Runnable watcher) {
    watchers.add(watcher);
    return () -> watchers.remove(watcher);
  }

  /** Hears of each link that came up, with the realms proved on it. */
  Swarm.Registration greet(BiConsumer<NodeId, Set<String>> greeter) {
    greeters.add(greeter);
    return () -> greeters.remove(greeter);
  }

  private void changed() {
    watchers.forEach(Runnable::run);
  }

  private void save() {
    if (file != null) {
      file.write(
          new RealmFile.Content(home, open, List.copyOf(memberships.values()), access.said()));
    }
    dirty = false;
  }

  /** Writes who was met since the last writing; what people change is written at once. */
  public synchronized void flush() {
    if (dirty) {
      save();
    }
  }

  /**
   * The keys of the home realm that count now, the newest first, at most two: members meet at
   * places that are made of them. One empty key for the open realm, which has no secret.
   */
  public synchronized List<Bytes> meetingKeys() {
    var membership = memberships.get(home);
    if (membership == null) {
      return open ? List.of(Bytes.EMPTY) : List.of();
    }
    var now = clock.get();
    return membership.keys().stream()
        .filter(key -> key.isGood(now))
        .limit(MEETING_KEYS)
        .map(RealmKey::key)
        .toList();
  }

  // What people see and change.

  /** Every realm of this node, the home realm first. */
  public synchronized List<View> list() {
    var views = new ArrayList<View>();
    memberships.values().forEach(m -> views.add(view(m)));
    if (open) {
      views.add(
          new View(
              OPEN_REALM,
              "open",
              home.isEmpty(),
              Role.MEMBER,
              false,
              null,
              List.of(),
              0,
              List.of(),
              Set.of(),
              Set.of()));
    }
    views.sort((a, b) -> Boolean.compare(b.home, a.home));
    return views;
  }

  private View view(Membership m) {
    return new View(
        m.realm(),
        m.name(),
        m.realm().equals(home),
        m.role(self.nodeId()),
        m.revoked.contains(self.nodeId()),
        m.charter.signer().nodeId(),
        m.charter.value().admins(),
        m.sequence(),
        m.keys(),
        new LinkedHashSet<>(m.revoked),
        new LinkedHashSet<>(m.acquainted.keySet()));
  }

  /** One realm by its name, its id or the beginning of that; empty text stands for home. */
  public synchronized View view(String text) {
    if (text.isEmpty() && home.isEmpty() && open) {
      return list().getFirst();
    }
    return view(find(text));
  }

  private Membership find(String text) {
    if (text.isEmpty()) {
      var membership = memberships.get(home);
      if (membership == null) {
        throw new Fault(RealmCode.UNKNOWN, "the home realm is the open one: it has no keys");
      }
      return membership;
    }
    var found =
        memberships.values().stream()
            .filter(m -> m.name().equals(text) || m.realm().equals(text))
            .toList();
    if (found.isEmpty() && text.length() >= 4) {
      found = memberships.values().stream().filter(m -> m.realm().startsWith(text)).toList();
    }
    if (found.size() != 1) {
      throw new Fault(
          RealmCode.UNKNOWN,
          found.isEmpty()
              ? "this node is in no realm '" + printable(text) + "'"
              : "'" + printable(text) + "' may be several realms: give the id");
    }
    return found.getFirst();
  }

  private static String printable(String text) {
    return text.substring(0, Math.min(80, text.length())).replaceAll("\\p{Cntrl}", "?");
  }

  /** Founds a realm with a fresh key; it becomes the home realm if there is none yet. */
  public View create(String name) {
    View view;
    synchronized (this) {
      if (memberships.values().stream().anyMatch(m -> m.name().equals(name))) {
        throw new Fault(RealmCode.EXISTS, "this node has a realm '" + name + "' already");
      }
      makeRoom();
      var salt = new byte[Charter.SALT_BYTES];
      random.nextBytes(salt);
      var charter = new Charter(name, Bytes.of(salt), 1, List.of()).sign(self);
      var membership = new Membership(charter);
      membership.document =
          new RealmDocument(charter, 1, List.of(RealmKey.fresh(1, random)), List.of()).sign(self);
      boolean first = isEmpty();
      memberships.put(membership.realm(), membership);
      if (first) {
        home = membership.realm();
      }
      save();
      view = view(membership);
    }
    changed();
    return view;
  }

  /** Enters the open realm, of which everybody is a member; it is home if there is no other. */
  public void enterOpenRealm() {
    synchronized (this) {
      if (open) {
        return;
      }
      open = true;
      save();
    }
    changed();
  }

  private void makeRoom() {
    if (memberships.size() >= MAX_REALMS) {
      throw new Fault(RealmCode.TOO_MANY, "a node is in at most " + MAX_REALMS + " realms");
    }
  }

  /**
   * Makes an invitation.
   *
   * @param realm name or id, empty for home
   * @param anchors where whoever is invited finds members, at most 8
   * @throws Fault {@code realm.not-admin}
   */
  public synchronized Invitation invite(
      String realm, Role role, Duration lifetime, List<PeerLocator> anchors) {
    var membership = find(realm);
    requireAdmin(membership);
    if (role == Role.ADMIN && membership.role(self.nodeId()) != Role.FOUNDER) {
      throw new Fault(
          RealmCode.NOT_ADMIN, "only the founder of " + membership.name() + " makes admins");
    }
    var serial = new byte[Grant.SERIAL_BYTES];
    random.nextBytes(serial);
    var expiry = clock.get().plus(lifetime).truncatedTo(java.time.temporal.ChronoUnit.MILLIS);
    var grant = new Grant(membership.realm(), role, expiry, Bytes.of(serial)).sign(self);
    return new Invitation(membership.charter, membership.keys().getFirst(), grant, anchors);
  }

  private void requireAdmin(Membership membership) {
    if (!membership.role(self.nodeId()).isAdmin() || membership.document == null) {
      throw new Fault(
          RealmCode.NOT_ADMIN,
          "this node is no admin of "
              + membership.name()
              + ": ask the founder, "
              + membership.charter.signer().nodeId().brief());
    }
  }

  /**
   * Joins a realm, or takes its newer key if this node is in it already. It becomes the home realm
   * when there is none, when the home realm is this node's own and nobody else was ever in it, or
   * when that is asked for.
   *
   * @throws Fault {@code realm.invitation-expired}, {@code realm.too-many}
   */
  public Joined join(Invitation invitation, boolean makeHome) {
    Joined joined;
    synchronized (this) {
      var grant = invitation.grant();
      if (!clock.get().isBefore(grant.value().expiry())) {
        throw new Fault(
            RealmCode.INVITATION_EXPIRED,
            "the invitation to "
                + invitation.name()
                + " was good until "
                + grant.value().expiry()
                + ": ask for a new one");
      }
      var membership = memberships.get(invitation.realm());
      boolean renewed = membership != null;
      if (membership == null) {
        makeRoom();
        membership = new Membership(invitation.charter());
      }
      take(membership, invitation);
      boolean first = isEmpty();
      boolean unused = isUnused();
      memberships.put(membership.realm(), membership);
      if (first || unused || makeHome) {
        home = membership.realm();
      }
      save();
      joined =
          new Joined(
              membership.realm(),
              membership.name(),
              grant.value().role(),
              membership.realm().equals(home),
              renewed);
    }
    changed();
    return joined;
  }

  private void take(Membership membership, Invitation invitation) {
    if (invitation.charter().value().sequence() > membership.charter.value().sequence()) {
      membership.charter = invitation.charter();
    }
    var keys = membership.keys();
    if (keys.isEmpty() || invitation.key().epoch() > keys.getFirst().epoch()) {
      membership.invited = invitation.key();
    }
    if (invitation.grant().value().role() == Role.ADMIN
        && !membership.role(self.nodeId()).isAdmin()) {
      membership.claim = invitation.grant();
    }
    membership.anchors.clear();
    membership.anchors.addAll(invitation.anchors());
  }

  /**
   * Leaves a realm: its keys are forgotten, and the peers that share no other realm with us go.
   *
   * @param text name or id, {@code open} for the open realm
   * @param newHome the same of the realm that is home then; empty keeps the present one
   * @throws Fault {@code realm.unknown}; {@code realm.cannot-leave} for the only realm, and for
   *     home if nothing is said of the next one
   */
  public View leave(String text, String newHome) {
    View left;
    synchronized (this) {
      var realm = id(text);
      left = list().stream().filter(view -> view.id().equals(realm)).findFirst().orElseThrow();
      var next = newHome.isEmpty() ? home : id(newHome);
      if (memberships.size() + (open ? 1 : 0) == 1) {
        throw new Fault(
            RealmCode.CANNOT_LEAVE,
            "it is this node's only realm: join or found another one first");
      }
      if (next.equals(realm)) {
        throw new Fault(
            RealmCode.CANNOT_LEAVE,
            "it is the home realm, in which memory and topics are shared: say with --next-home in which"
                + " realm they will be shared from now on");
      }
      if (realm.isEmpty()) {
        open = false;
      } else {
        memberships.remove(realm);
      }
      home = next;
      save();
    }
    changed();
    return left;
  }

  /** The id of one of our realms. */
  private String id(String text) {
    return open
            && text.equals("open")
            && memberships.values().stream().noneMatch(m -> m.name().equals(text))
        ? OPEN_REALM
        : find(text).realm();
  }

  // Who is let in by name.

  /** Whom the configuration and the operator have allowed and denied. */
  public List<Access> access() {
    return access.list();
  }

  /**
   * Shuts a node out whatever it proves, at once and until it is allowed again.
   *
   * @throws Fault {@code realm.bad-access}, {@code realm.too-many}
   */
  public void deny(NodeId node) {
    if (node.equals(self.nodeId())) {
      throw new Fault(RealmCode.BAD_ACCESS, "that is this node itself");
    }
    say(() -> access.denying(node));
  }

  /**
   * Denies a node no more, and where only some nodes are allowed, allows it too.
   *
   * @param only whether only some are allowed from now on, this one among them
   * @throws Fault {@code realm.bad-access} if the configuration denies it
   */
  public void allow(NodeId node, boolean only) {
    say(() -> access.allowing(node, only));
  }

  /**
   * Ends the list of allowed nodes, so that all are that are not denied.
   *
   * @throws Fault {@code realm.bad-access} if the configuration has such a list
   */
  public void allowEveryone() {
    say(access::allowingEveryone);
  }

  private void say(Supplier<AccessLists.Said> what) {
    synchronized (this) {
      if (isEmpty()) {
        throw new Fault(RealmCode.UNKNOWN, "this node is in no realm yet: run 'cis init'");
      }
      access.said(what.get());
      save();
    }
    changed();
  }

  /** Whether home is a realm that we founded and nobody else was ever in. */
  private boolean isUnused() {
    var membership = memberships.get(home);
    return membership != null
        && membership.role(self.nodeId()) == Role.FOUNDER
        && membership.acquainted.isEmpty();
  }

  /** Where members of the realms may be found, from the invitations. */
  public synchronized List<PeerLocator> anchors() {
    return memberships.values().stream().flatMap(m -> m.anchors.stream()).distinct().toList();
  }

  /**
   * Makes a new key; the ones before stay good for a while.
   *
   * @throws Fault {@code realm.not-admin}
   */
  public View rotate(String realm, Duration grace) {
    View view;
    synchronized (this) {
      var membership = find(realm);
      requireAdmin(membership);
      issue(membership, membership.charter, grace, false);
      view = view(membership);
    }
    changed();
    return view;
  }

  /**
   * Shuts a node out for good, and makes a new key that it does not learn. Older keys stay good for
   * a while, but only for members that were met before.
   *
   * @throws Fault {@code realm.not-admin}, {@code realm.cannot-revoke}
   */
  public View revoke(String realm, NodeId node, Duration grace) {
    View view;
    synchronized (this) {
      var membership = find(realm);
      requireAdmin(membership);
      var victim = membership.role(node);
      if (victim == Role.FOUNDER || node.equals(self.nodeId())) {
        throw new Fault(
            RealmCode.CANNOT_REVOKE,
            node.brief() + (victim == Role.FOUNDER ? " is the founder" : " is this node itself"));
      }
      var charter = membership.charter;
      if (victim == Role.ADMIN) {
        if (membership.role(self.nodeId()) != Role.FOUNDER) {
          throw new Fault(
              RealmCode.NOT_ADMIN, node.brief() + " is an admin: only the founder revokes it");
        }
        var admins = new ArrayList<>(charter.value().admins());
        admins.remove(node);
        charter = amended(charter.value(), admins);
      }
      if (!membership.revoked.contains(node)
          && membership.revoked.size() >= RealmDocument.MAX_REVOKED) {
        throw new Fault(
            RealmCode.TOO_MANY,
            "a realm revokes at most " + RealmDocument.MAX_REVOKED + " nodes: found a new one");
      }
      membership.revoked.add(node);
      issue(membership, charter, grace, true);
      view = view(membership);
    }
    changed();
    return view;
  }

  private Signed<Charter> amended(Charter charter, List<NodeId> admins) {
    return new Charter(charter.name(), charter.salt(), charter.sequence() + 1, admins).sign(self);
  }

  /** Signs the next document with a fresh key. */
  private void issue(
      Membership membership, Signed<Charter> charter, Duration grace, boolean suspect) {
    var now = clock.get().truncatedTo(java.time.temporal.ChronoUnit.MILLIS);
    var keys = new ArrayList<RealmKey>();
    keys.add(RealmKey.fresh(membership.keys().getFirst().epoch() + 1, random));
    for (var key : membership.keys()) {
      var older = key.retired(now.plus(grace));
      if (older.isGood(now) && keys.size() < RealmDocument.MAX_KEYS) {
        keys.add(suspect ? older.suspect(now) : older);
      }
    }
    publish(membership, charter, keys);
  }

  private void publish(Membership membership, Signed<Charter> charter, List<RealmKey> keys) {
    membership.document =
        new RealmDocument(charter, membership.sequence() + 1, keys, List.copyOf(membership.revoked))
            .sign(self);
    membership.charter = charter;
    membership.invited = null;
    save();
  }

  // What members tell each other.

  /**
   * The document of a realm, if there is one and the peer may have it. It holds the keys: whoever
   * it shuts out must not get it, even while the link on which it once proved the realm still
   * stands.
   */
  synchronized Optional<Signed<RealmDocument>> documentFor(NodeId peer, String realm) {
    return Optional.ofNullable(memberships.get(realm))
        .filter(m -> m.isWelcome(peer))
        .map(m -> m.document);
  }

  /** A grant of admin to be shown to the founder of the realm. */
  synchronized Optional<Signed<Grant>> claim(String realm, NodeId founder) {
    return Optional.ofNullable(memberships.get(realm))
        .filter(m -> m.charter.signer().nodeId().equals(founder))
        .map(m -> m.claim);
  }

  /** Takes a document that a member passed on; false if it is no news or of no realm of ours. */
  boolean adopt(Signed<RealmDocument> signed) {
    synchronized (this) {
      var membership = memberships.get(signed.value().realm());
      if (membership == null
          || signed.value().charter().value().sequence() < membership.charter.value().sequence()
          || (membership.document != null
              && !RealmDocument.supersedes(signed, membership.document))) {
        return false;
      }
      membership.document = signed;
      membership.charter = signed.value().charter();
      var invited = membership.invited;
      if (invited != null && invited.epoch() <= signed.value().keys().getFirst().epoch()) {
        membership.invited = null;
      }
      if (membership.role(self.nodeId()).isAdmin()) {
        membership.claim = null;
      }
      membership.revoked.addAll(signed.value().revoked());
      repeatLostRevocations(membership);
      save();
    }
    changed();
    return true;
  }

  /** Two admins spoke at once and the other one won: what we had revoked is said again. */
  private void repeatLostRevocations(Membership membership) {
    var said = membership.document == null ? List.of() : membership.document.value().revoked();
    membership.revoked.removeIf(node -> membership.role(node).isAdmin());
    if (membership.role(self.nodeId()).isAdmin()
        && membership.revoked.size() <= RealmDocument.MAX_REVOKED
        && !said.containsAll(membership.revoked)) {
      issue(membership, membership.charter, GRACE, true);
    }
  }

  /**
   * Makes a peer an admin, on the strength of a grant that we as the founder signed; each grant is
   * taken once, and by the same peer as often as it asks.
   *
   * @return whether it is an admin now
   */
  boolean appoint(NodeId peer, Signed<Grant> grant) {
    synchronized (this) {
      var membership = memberships.get(grant.value().realm());
      if (membership == null
          || membership.document == null
          || membership.role(self.nodeId()) != Role.FOUNDER
          || !grant.signer().equals(self.publicKey())
          || grant.value().role() != Role.ADMIN
          || membership.revoked.contains(peer)) {
        return false;
      }
      if (membership.role(peer).isAdmin()) {
        return true;
      }
      if (!clock.get().isBefore(grant.value().expiry())
          || membership.taken.contains(grant.value().serial())
          || membership.charter.value().admins().size() >= Charter.MAX_ADMINS
          || membership.taken.size() >= Membership.MAX_SERIALS) {
        return false;
      }
      membership.taken.add(grant.value().serial());
      var admins = new ArrayList<>(membership.charter.value().admins());
      admins.add(peer);
      publish(
          membership,
          amended(membership.charter.value(), admins),
          membership.document.value().keys());
    }
    changed();
    return true;
  }
}

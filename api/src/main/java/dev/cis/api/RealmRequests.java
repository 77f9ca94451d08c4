package dev.cis.api;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.Did;
import dev.cis.kernel.identity.NodeId;
import dev.cis.node.Node;
import dev.cis.node.NodeConfig;
import dev.cis.transport.PeerLocator;
import dev.cis.transport.realm.Invitation;
import dev.cis.transport.realm.RealmKey;
import dev.cis.transport.realm.Realms;
import dev.cis.transport.realm.Role;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Requests about realms: on a running node, or on the files of one that does not run. */
public final class RealmRequests {
  /** What a running node has and files have not. */
  private interface Surroundings {
    String name(NodeId node);

    NodeId find(String text);

    List<PeerLocator> anchors(NodeId self, String realm);

    void joined(String realm, List<PeerLocator> anchors);
  }

  private final Realms realms;
  private final NodeId self;
  private final Surroundings surroundings;

  private RealmRequests(Realms realms, NodeId self, Surroundings surroundings) {
    this.realms = realms;
    this.self = self;
    this.surroundings = surroundings;
  }

  static RealmRequests of(Node node, NodeNames names) {
    return new RealmRequests(
        node.realms(),
        node.swarm().self(),
        new Surroundings() {
          @Override
          public String name(NodeId id) {
            return names.of(id);
          }

          @Override
          public NodeId find(String text) {
            return names.find(text);
          }

          @Override
          public List<PeerLocator> anchors(NodeId self, String realm) {
            return node.anchors(realm);
          }

          @Override
          public void joined(String realm, List<PeerLocator> anchors) {
            node.meet(realm, anchors);
          }
        });
  }

  /** On the realms of a node that does not run; the caller holds its lock. */
  public static RealmRequests offline(Realms realms, NodeId self, NodeConfig config) {
    return new RealmRequests(
        realms,
        self,
        new Surroundings() {
          @Override
          public String name(NodeId id) {
            return id.equals(self) ? config.name() : id.brief();
          }

          @Override
          public NodeId find(String text) {
            return NodeId.parse(Did.isDid(text) ? Did.parse(text).name() : text);
          }

          @Override
          public List<PeerLocator> anchors(NodeId node, String realm) {
            return config.p2p().externalAddress().stream()
                .map(address -> new PeerLocator(node, "", address))
                .toList();
          }

          @Override
          public void joined(String realm, List<PeerLocator> anchors) {}
        });
  }

  /** Carries out a request about realms. */
  public Result handle(Request request) {
    return switch (request) {
      case Request.Invite r -> invite(r);
      case Request.Join r -> join(r);
      case Request.RealmList() ->
          new Result.Realms(realms.list().stream().map(this::shown).toList());
      case Request.RealmShow(var realm) -> shown(realms.view(text(realm)));
      case Request.RealmCreate(var name) -> shown(realms.create(name));
      case Request.RealmRotateKey r ->
          shown(realms.rotate(text(r.realm()), Duration.ofSeconds(r.graceSeconds())));
      case Request.RealmRevoke r ->
          shown(
              realms.revoke(
                  text(r.realm()),
                  surroundings.find(r.node()),
                  Duration.ofSeconds(r.graceSeconds())));
      case Request.RealmLeave(var realm, var home) -> leave(realm, text(home));
      case Request.AccessList() -> access();
      case Request.Allow(var node, var only) -> allow(node, only);
      case Request.Deny(var text) -> {
        var node = surroundings.find(text);
        realms.deny(node);
        yield new Result.Done(surroundings.name(node) + " is shut out until it is allowed again");
      }
      default -> throw new Fault(ApiCode.UNKNOWN_REQUEST, "that is no request about realms");
    };
  }

  private static String text(@Nullable String realm) {
    return realm == null ? "" : realm;
  }

  private Result leave(String realm, String home) {
    var left = realms.leave(realm, home);
    return new Result.Done("left " + left.name() + "; home is " + realms.list().getFirst().name());
  }

  private Result access() {
    var entries = realms.access();
    var allowed = entries.stream().filter(Realms.Access::allowed).map(this::entry).toList();
    return new Result.AccessLists(
        !allowed.isEmpty(),
        allowed,
        entries.stream().filter(entry -> !entry.allowed()).map(this::entry).toList());
  }

  private Result.AccessEntry entry(Realms.Access entry) {
    return new Result.AccessEntry(
        entry.node().toString(), surroundings.name(entry.node()), entry.configured());
  }

  private Result allow(@Nullable String text, boolean only) {
    if (text == null) {
      realms.allowEveryone();
      return new Result.Done("everybody is allowed who is not denied");
    }
    var node = surroundings.find(text);
    realms.allow(node, only);
    boolean listed =
        realms.access().stream().anyMatch(entry -> entry.allowed() && entry.node().equals(node));
    return new Result.Done(
        surroundings.name(node)
            + (listed ? " is one of those who alone are allowed" : " is not denied"));
  }

  private Result invite(Request.Invite request) {
    var realm = realms.view(text(request.realm()));
    var role = role(request.role() == null ? "member" : request.role());
    var invitation =
        realms.invite(
            realm.id(),
            role,
            Duration.ofSeconds(request.expiresSeconds()),
            surroundings.anchors(self, realm.id()));
    return new Result.Invited(
        invitation.text(),
        realm.id(),
        realm.name(),
        role.text(),
        invitation.grant().value().expiry(),
        invitation.anchors().stream().map(anchor -> anchor.address().toString()).toList());
  }

  private static Role role(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "member" -> Role.MEMBER;
      case "admin" -> Role.ADMIN;
      default -> throw new Fault(ApiCode.MALFORMED, "'role' is member or admin");
    };
  }

  private Result join(Request.Join request) {
    var invitation = Invitation.parse(request.invitation());
    var joined = realms.join(invitation, request.home());
    surroundings.joined(joined.realm(), invitation.anchors());
    return new Result.Joined(
        joined.realm(), joined.name(), joined.granted().text(), joined.home(), joined.renewed());
  }

  private Result.Realm shown(Realms.View view) {
    return new Result.Realm(
        view.id(),
        view.name(),
        view.home(),
        view.role().text(),
        view.revoked(),
        view.founder() == null ? null : shown(view.founder()),
        shown(view.admins()),
        view.sequence(),
        view.keys().stream().map(RealmRequests::shown).toList(),
        shown(view.met()),
        shown(view.revocations()));
  }

  private List<Result.RealmNode> shown(Collection<NodeId> nodes) {
    return nodes.stream().map(this::shown).toList();
  }

  private Result.RealmNode shown(NodeId node) {
    return new Result.RealmNode(node.toString(), surroundings.name(node));
  }

  private static Result.RealmKey shown(RealmKey key) {
    return new Result.RealmKey(key.epoch(), key.until(), key.suspectSince());
  }
}

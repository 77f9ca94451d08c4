package dev.cis.transport.realm;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Who is let in by name: what the configuration says, and what the operator has said since. Reading
 * needs no lock, changing is for one thread at a time.
 */
final class AccessLists {
  static final int MOST = 1024;

  /** What the operator has said. */
  record Said(Set<NodeId> allowed, Set<NodeId> denied) {
    static final Said NOTHING = new Said(Set.of(), Set.of());

    Said {
      allowed = Set.copyOf(allowed);
      denied = Set.copyOf(denied);
    }
  }

  private final Set<NodeId> allowed;
  private final Set<NodeId> denied;
  private volatile Said said = Said.NOTHING;

  AccessLists(AccessConfig config) {
    this.allowed = Set.copyOf(AccessConfig.nodes(config.allow()));
    this.denied = Set.copyOf(AccessConfig.nodes(config.deny()));
  }

  Said said() {
    return said;
  }

  void said(Said nowSaid) {
    said = nowSaid;
  }

  boolean admits(NodeId node) {
    var now = said;
    if (denied.contains(node) || now.denied.contains(node)) {
      return false;
    }
    return (allowed.isEmpty() && now.allowed.isEmpty())
        || allowed.contains(node)
        || now.allowed.contains(node);
  }

  /** Every entry: those allowed first, each list in the order of the ids. */
  List<Realms.Access> list() {
    var entries = new ArrayList<Realms.Access>();
    allowed.forEach(node -> entries.add(new Realms.Access(node, true, true)));
    said.allowed.forEach(node -> entries.add(new Realms.Access(node, true, false)));
    denied.forEach(node -> entries.add(new Realms.Access(node, false, true)));
    said.denied.forEach(node -> entries.add(new Realms.Access(node, false, false)));
    entries.sort(
        Comparator.comparing((Realms.Access entry) -> !entry.allowed())
            .thenComparing(entry -> entry.node().toString()));
    return entries;
  }

  /** What is said once the node is denied as well. */
  Said denying(NodeId node) {
    return denied.contains(node) ? said : new Said(said.allowed, with(said.denied, node));
  }

  /**
   * What is said once the node is denied no more; where only some are allowed, it is one of them.
   *
   * @param only whether to begin a list of allowed ones
   */
  Said allowing(NodeId node, boolean only) {
    if (denied.contains(node)) {
      throw new Fault(
          RealmCode.BAD_ACCESS,
          node.brief() + " is on access.deny in config.toml: take it off that list first");
    }
    boolean listed = only || !allowed.isEmpty() || !said.allowed.isEmpty();
    var stillDenied = new HashSet<>(said.denied);
    stillDenied.remove(node);
    return new Said(
        listed && !allowed.contains(node) ? with(said.allowed, node) : said.allowed, stillDenied);
  }

  /** What is said once nobody is shut out for not being on a list. */
  Said allowingEveryone() {
    if (!allowed.isEmpty()) {
      throw new Fault(
          RealmCode.BAD_ACCESS,
          "access.allow in config.toml shuts out all that it does not name: empty it first");
    }
    return new Said(Set.of(), said.denied);
  }

  private static Set<NodeId> with(Set<NodeId> nodes, NodeId node) {
    var more = new HashSet<>(nodes);
    more.add(node);
    if (more.size() > MOST) {
      throw new Fault(RealmCode.TOO_MANY, "a list has at most " + MOST + " nodes");
    }
    return more;
  }
}

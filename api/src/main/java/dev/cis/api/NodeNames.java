package dev.cis.api;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.Did;
import dev.cis.kernel.identity.NodeId;
import dev.cis.node.Node;
import dev.cis.transport.PeerBook;
import java.util.List;

/** Understands what users call nodes: NodeId, unique prefix, name, DID. */
final class NodeNames {
  private final Node node;

  NodeNames(Node node) {
    this.node = node;
  }

  /** The node that is meant; this one counts too. */
  NodeId find(String text) {
    var plain = Did.isDid(text) ? Did.parse(text).name() : text.strip();
    if (NodeId.isNodeId(plain)) {
      return NodeId.parse(plain);
    }
    if (plain.equals(node.config().name())) {
      return node.swarm().self();
    }
    var matches =
        node.swarm().book().matching(plain).stream().map(PeerBook.Entry::node).distinct().toList();
    boolean self = plain.length() >= 4 && node.swarm().self().toString().startsWith(plain);
    if (matches.isEmpty() && self) {
      return node.swarm().self();
    }
    if (matches.isEmpty()) {
      throw new Fault(
          ApiCode.NO_SUCH_NODE,
          "no known node is called '" + text + "': see 'cis p2p peers' for ids and names");
    }
    if (matches.size() > 1 || self) {
      throw ambiguous(text, matches);
    }
    return matches.getFirst();
  }

  /** The peer that is meant, not this node. */
  NodeId findPeer(String text) {
    var found = find(text);
    if (found.equals(node.swarm().self())) {
      throw new Fault(ApiCode.NO_SUCH_NODE, "'" + text + "' is this node itself: name a peer");
    }
    return found;
  }

  private Fault ambiguous(String text, List<NodeId> matches) {
    return new Fault(
        ApiCode.AMBIGUOUS_NODE,
        "'"
            + text
            + "' could be "
            + String.join(
                ", ", matches.stream().limit(5).map(m -> of(m) + " " + m.brief()).toList())
            + ": write more of the id");
  }

  /** What people call a node. */
  String of(NodeId id) {
    if (id.equals(node.swarm().self())) {
      return node.config().name();
    }
    return node.swarm().book().find(id).map(PeerBook.Entry::displayName).orElse(id.brief());
  }
}

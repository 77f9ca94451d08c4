package dev.cis.transport.realm;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.Did;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Admission;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The table {@code [access]} of the configuration file: who is shut out by name, whatever realm it
 * proves. While the node runs {@code cis p2p deny} and {@code cis p2p allow} add to it.
 *
 * @param allow NodeIds (or DIDs of that form); when there are any, all others are shut out; at most
 *     1,024
 * @param deny NodeIds that are shut out, also when they are allowed; at most 1,024
 * @param useAnchors whether to be linked to open anchors that are in no realm of ours, which then
 *     learn this node's NodeId and addresses, and that others look for the same as it does
 * @param strangers what becomes of nodes in no realm of ours: {@code refused}, or {@code served} as
 *     by an open anchor, which is the default with {@code p2p.anchor}
 */
public record AccessConfig(
    List<String> allow, List<String> deny, boolean useAnchors, Admission.Strangers strangers) {
  /** The default: the realms decide alone. */
  public static final AccessConfig DEFAULT =
      new AccessConfig(List.of(), List.of(), true, Admission.Strangers.REFUSED);

  /** Checks the entries. */
  public AccessConfig {
    allow = List.copyOf(allow);
    deny = List.copyOf(deny);
    for (var list : List.of(allow, deny)) {
      if (list.size() > AccessLists.MOST) {
        throw new Fault(RealmCode.BAD_ACCESS, "at most " + AccessLists.MOST + " nodes");
      }
      var _ = nodes(list);
    }
  }

  /** The realms decide, but for these lists. */
  public AccessConfig(List<String> allow, List<String> deny) {
    this(allow, deny, true, Admission.Strangers.REFUSED);
  }

  static Set<NodeId> nodes(List<String> texts) {
    var nodes = new HashSet<NodeId>();
    for (var text : texts) {
      try {
        nodes.add(NodeId.parse(Did.isDid(text) ? Did.parse(text).name() : text));
      } catch (Fault e) {
        throw new Fault(
            RealmCode.BAD_ACCESS, "whole NodeIds of 52 characters: " + e.getMessage(), e);
      }
    }
    return nodes;
  }
}

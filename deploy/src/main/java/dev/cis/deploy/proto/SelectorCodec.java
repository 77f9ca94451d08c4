package dev.cis.deploy.proto;

import dev.cis.deploy.proto.Selector.Operator;
import dev.cis.deploy.proto.Selector.Requirement;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.util.ArrayList;
import java.util.TreeSet;

/**
 * {@code message Selector { bool all = 1; repeated bytes node = 2; repeated Requirement label = 3;
 * }}: exactly one of the three. {@code message Requirement { string key = 1; bool not = 2; repeated
 * string value = 3; }}.
 */
final class SelectorCodec implements Codec<Selector> {
  static final SelectorCodec CODEC = new SelectorCodec();
  private static final int MAX_TEXT = 63;
  private static final int MAX_REQUIREMENT = 8 * 1024;

  private static final Codec<Requirement> REQUIREMENT =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Requirement requirement) {
          out.string(1, requirement.key())
              .bool(2, requirement.operator() == Operator.NOT_IN)
              .strings(3, requirement.values());
        }

        @Override
        public Requirement read(WireReader in) {
          var key = "";
          boolean not = false;
          var values = new TreeSet<String>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> key = in.string(MAX_TEXT);
              case 2 -> not = in.bool();
              case 3 -> values.add(in.string(MAX_TEXT));
              default -> in.skip();
            }
          }
          return new Requirement(key, not ? Operator.NOT_IN : Operator.IN, values);
        }
      };

  @Override
  public void write(WireWriter out, Selector selector) {
    switch (selector) {
      case Selector.All() -> out.bool(1, true);
      case Selector.Nodes(var nodes) -> nodes.forEach(node -> out.element(2, node.bytes()));
      case Selector.Labels(var requirements) -> out.messages(3, REQUIREMENT, requirements);
    }
  }

  @Override
  public Selector read(WireReader in) {
    boolean all = false;
    var nodes = new ArrayList<NodeId>();
    var requirements = new ArrayList<Requirement>();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> all = in.bool();
        case 2 -> nodes.add(NodeId.of(in.exactly(NodeId.BYTES)));
        case 3 -> requirements.add(in.message(REQUIREMENT, MAX_REQUIREMENT));
        default -> in.skip();
      }
      if (nodes.size() > Selector.MAX_TERMS || requirements.size() > Selector.MAX_TERMS) {
        throw new IllegalArgumentException("a selector has at most " + Selector.MAX_TERMS);
      }
    }
    // A kind of selector that this version does not know must never widen to "all nodes".
    if ((all ? 1 : 0) + (nodes.isEmpty() ? 0 : 1) + (requirements.isEmpty() ? 0 : 1) != 1) {
      throw new IllegalArgumentException("a selector is all, nodes or labels, exactly one");
    }
    if (all) {
      return new Selector.All();
    }
    return nodes.isEmpty() ? new Selector.Labels(requirements) : new Selector.Nodes(nodes);
  }
}

package dev.cis.deploy.proto;

import dev.cis.kernel.identity.NodeId;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** Which nodes are meant. */
public sealed interface Selector {
  /** Most nodes or requirements in one selector. */
  int MAX_TERMS = 256;

  /** Every node. */
  record All() implements Selector {}

  /** These nodes. */
  record Nodes(List<NodeId> nodes) implements Selector {
    /** Copies the list and checks its size. */
    public Nodes {
      nodes = List.copyOf(nodes);
      if (nodes.isEmpty() || nodes.size() > MAX_TERMS) {
        throw new IllegalArgumentException(
            "a selector names 1 to " + MAX_TERMS + " nodes, not " + nodes.size());
      }
    }
  }

  /** The nodes whose labels meet every requirement. */
  record Labels(List<Requirement> requirements) implements Selector {
    /** Copies the list and checks its size. */
    public Labels {
      requirements = List.copyOf(requirements);
      if (requirements.isEmpty() || requirements.size() > MAX_TERMS) {
        throw new IllegalArgumentException(
            "a selector has 1 to " + MAX_TERMS + " requirements, not " + requirements.size());
      }
    }
  }

  /** What a label is compared by. A missing label meets {@code !=} and {@code notin} only. */
  enum Operator {
    /** {@code k=v} and {@code k in (a,b)}: the label has one of the values. */
    IN,
    /** {@code k!=v} and {@code k notin (a,b)}: it has none of them. */
    NOT_IN
  }

  /**
   * One requirement.
   *
   * @param key the label
   * @param operator how it is compared
   * @param values with what, 1 to 64 values
   */
  record Requirement(String key, Operator operator, SortedSet<String> values) {
    /** Copies the values and checks the lengths. */
    public Requirement {
      values = java.util.Collections.unmodifiableSortedSet(new TreeSet<>(values));
      if (key.isEmpty() || values.isEmpty() || values.size() > 64) {
        throw new IllegalArgumentException("a label requirement has a key and 1 to 64 values");
      }
    }

    boolean met(Map<String, String> labels) {
      var value = labels.get(key);
      boolean in = value != null && values.contains(value);
      return (operator == Operator.IN) == in;
    }
  }

  /** Every node. */
  static Selector all() {
    return new All();
  }

  /** These nodes. */
  static Selector nodes(Collection<NodeId> nodes) {
    return new Nodes(List.copyOf(nodes));
  }

  /**
   * Reads label requirements: {@code env=test,region!=eu,tier in (a,b),zone notin (c)}.
   *
   * @throws dev.cis.kernel.fault.Fault {@code deploy.bad-selector}
   */
  static Selector labels(String text) {
    return new SelectorText(text).read();
  }

  /** Whether a node with this id and these labels is meant. */
  default boolean matches(NodeId node, Map<String, String> labels) {
    return switch (this) {
      case All() -> true;
      case Nodes(var nodes) -> nodes.contains(node);
      case Labels(var requirements) -> requirements.stream().allMatch(r -> r.met(labels));
    };
  }

  /** For people: {@code all nodes}, {@code 3 nodes}, {@code env in (test)}. */
  default String text() {
    return switch (this) {
      case All() -> "all nodes";
      case Nodes(var nodes) -> String.join(",", nodes.stream().map(NodeId::brief).toList());
      case Labels(var requirements) ->
          String.join(",", requirements.stream().map(SelectorText::write).toList());
    };
  }
}

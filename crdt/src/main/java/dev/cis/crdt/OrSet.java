package dev.cis.crdt;

import dev.cis.kernel.identity.NodeId;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * An observed-remove set with add-wins semantics, as a delta-state CRDT without tombstones (the
 * AWORSet of Almeida et al. 2018, section 4.3): each addition has a dot, the causal context holds
 * every dot ever seen, and an element is gone where its dots are in the context and not in the
 * store. Immutable.
 *
 * @param <E> the element
 */
public final class OrSet<E> {
  private final Map<E, Set<Dot>> dots;
  private final VersionVector context;

  private OrSet(Map<E, Set<Dot>> dots, VersionVector context) {
    this.dots = dots;
    this.context = context;
  }

  /** A set without elements. */
  public static <E> OrSet<E> empty() {
    return new OrSet<>(Map.of(), VersionVector.EMPTY);
  }

  /** The set of these parts; every dot must be in the context. */
  public static <E> OrSet<E> of(Map<E, Set<Dot>> dots, VersionVector context) {
    var copy = new HashMap<E, Set<Dot>>();
    dots.forEach((element, of) -> {
      if (of.isEmpty() || !of.stream().allMatch(context::contains)) {
        throw new IllegalArgumentException("the context of a set must cover its dots");
      }
      copy.put(element, Set.copyOf(of));
    });
    return new OrSet<>(copy, context);
  }

  /**
   * The delta by which a node adds an element. Only the node itself may make its deltas, one after
   * the other, each from the state that includes the one before, so that its dots are unique.
   */
  public OrSet<E> add(NodeId node, E element) {
    var dot = new Dot(node, context.of(node).max() + 1);
    var seen = VersionVector.EMPTY.with(dot);
    for (Dot before : dots.getOrDefault(element, Set.of())) {
      seen = seen.with(before); // the new dot replaces those it saw
    }
    return new OrSet<>(Map.of(element, Set.of(dot)), seen);
  }

  /** The delta that removes an element: the additions seen here, not those still unknown. */
  public OrSet<E> remove(E element) {
    var seen = VersionVector.EMPTY;
    for (Dot dot : dots.getOrDefault(element, Set.of())) {
      seen = seen.with(dot);
    }
    return new OrSet<>(Map.of(), seen);
  }

  /** Whether the element is in the set. */
  public boolean contains(E element) {
    return dots.containsKey(element);
  }

  /** The elements; cannot be changed. */
  public Set<E> elements() {
    return Collections.unmodifiableSet(dots.keySet());
  }

  /** The additions that hold each element in the set; cannot be changed. */
  public Map<E, Set<Dot>> dots() {
    return Collections.unmodifiableMap(dots);
  }

  /** Every dot seen. */
  public VersionVector context() {
    return context;
  }

  /** Dots that both have, and dots that one has and the other has not seen. */
  public OrSet<E> merge(OrSet<E> other) {
    var next = new HashMap<E, Set<Dot>>();
    keep(this, other, next);
    keep(other, this, next);
    return new OrSet<>(next, context.union(other.context));
  }

  private static <E> void keep(OrSet<E> from, OrSet<E> other, Map<E, Set<Dot>> into) {
    from.dots.forEach((element, of) -> {
      var theirs = other.dots.getOrDefault(element, Set.of());
      for (Dot dot : of) {
        if (theirs.contains(dot) || !other.context.contains(dot)) {
          into.computeIfAbsent(element, e -> new HashSet<>()).add(dot);
        }
      }
    });
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OrSet<?> that && dots.equals(that.dots) && context.equals(that.context);
  }

  @Override
  public int hashCode() {
    return dots.hashCode();
  }

  @Override
  public String toString() {
    return dots.keySet().toString();
  }
}

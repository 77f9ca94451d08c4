package dev.cis.crdt;

import dev.cis.kernel.identity.NodeId;

/**
 * The name of one write, unique for ever.
 *
 * @param author who wrote
 * @param sequence the author's own count, from 1
 */
public record Dot(NodeId author, long sequence) implements Comparable<Dot> {
  /** Checks the count. */
  public Dot {
    if (sequence < 1) {
      throw new IllegalArgumentException("a dot counts from 1, not " + sequence);
    }
  }

  @Override
  public int compareTo(Dot other) {
    int byAuthor = author.compareTo(other.author);
    return byAuthor != 0 ? byAuthor : Long.compare(sequence, other.sequence);
  }

  @Override
  public String toString() {
    return author.brief() + ":" + sequence;
  }
}

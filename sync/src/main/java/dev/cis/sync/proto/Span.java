package dev.cis.sync.proto;

import java.util.ArrayList;
import java.util.List;

/**
 * A range of key positions: all those that begin with the same hexadecimal digits.
 *
 * @param prefix the digits, right-aligned
 * @param depth how many digits, 0 (everything) to 16 (one position)
 */
public record Span(long prefix, int depth) {
  /** Every position. */
  public static final Span ALL = new Span(0, 0);

  /** Into how many a span splits. */
  public static final int WAYS = 16;

  private static final int BITS = 4;
  private static final int MAX_DEPTH = 16;

  /** Checks the parts. */
  public Span {
    boolean fits =
        depth == MAX_DEPTH || (depth >= 0 && depth < MAX_DEPTH && prefix >>> (BITS * depth) == 0);
    if (!fits) {
      throw new IllegalArgumentException("no span has " + depth + " digits of " + prefix);
    }
  }

  /** The lowest position, unsigned. */
  public long first() {
    return depth == 0 ? 0 : prefix << (Long.SIZE - BITS * depth);
  }

  /** The highest position, unsigned. */
  public long last() {
    return depth == MAX_DEPTH ? prefix : first() | (-1L >>> (BITS * depth));
  }

  /** Whether it cannot be split further. */
  public boolean isSingle() {
    return depth == MAX_DEPTH;
  }

  /** The sixteen spans with one digit more. */
  public List<Span> split() {
    var children = new ArrayList<Span>(WAYS);
    for (int digit = 0; digit < WAYS; digit++) {
      children.add(new Span((prefix << BITS) | digit, depth + 1));
    }
    return children;
  }

  /** Whether a position lies in it. */
  public boolean contains(long position) {
    return Long.compareUnsigned(position, first()) >= 0
        && Long.compareUnsigned(position, last()) <= 0;
  }
}

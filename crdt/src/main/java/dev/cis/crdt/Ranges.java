package dev.cis.crdt;

import java.util.Arrays;

/**
 * A set of positive numbers, kept as sorted, disjoint, non-adjacent closed ranges. What one author
 * wrote and a replica has seen is nearly always one range; gaps make more. Immutable.
 */
public final class Ranges {
  /** No numbers. */
  public static final Ranges EMPTY = new Ranges(new long[0]);

  /** first, last, first, last, ... */
  private final long[] bounds;

  private Ranges(long[] bounds) {
    this.bounds = bounds;
  }

  /** All numbers from {@code first} to {@code last}, both included. */
  public static Ranges of(long first, long last) {
    if (first < 1 || last < first) {
      throw new IllegalArgumentException("no range goes from " + first + " to " + last);
    }
    return new Ranges(new long[] {first, last});
  }

  /** How many ranges there are. */
  public int count() {
    return bounds.length / 2;
  }

  /** The first number of a range, by its index. */
  public long first(int range) {
    return bounds[2 * range];
  }

  /** The last number of a range, by its index. */
  public long last(int range) {
    return bounds[2 * range + 1];
  }

  /** The largest number, 0 if there is none. */
  public long max() {
    return bounds.length == 0 ? 0 : bounds[bounds.length - 1];
  }

  /** Whether there are no numbers. */
  public boolean isEmpty() {
    return bounds.length == 0;
  }

  /** How many numbers there are. */
  public long size() {
    long size = 0;
    for (int i = 0; i < count(); i++) {
      size += last(i) - first(i) + 1;
    }
    return size;
  }

  /** Whether the number is in the set. */
  public boolean contains(long number) {
    int at = Arrays.binarySearch(bounds, number);
    // Not a bound: inside a range when the insertion point lies between its first and its last.
    return at >= 0 || ((-at - 1) & 1) == 1;
  }

  /** The set with one number more. */
  public Ranges with(long number) {
    if (bounds.length > 0 && number == max() + 1) {
      long[] next = bounds.clone();
      next[next.length - 1] = number;
      return new Ranges(next);
    }
    return contains(number) ? this : union(of(number, number));
  }

  /** The numbers in either set. */
  public Ranges union(Ranges other) {
    if (other.isEmpty()) {
      return this;
    }
    if (isEmpty()) {
      return other;
    }
    var out = new long[bounds.length + other.bounds.length];
    int size = 0;
    int mine = 0;
    int theirs = 0;
    while (mine < count() || theirs < other.count()) {
      boolean takeMine =
          theirs == other.count() || (mine < count() && first(mine) <= other.first(theirs));
      long first = takeMine ? first(mine) : other.first(theirs);
      long last = takeMine ? last(mine++) : other.last(theirs++);
      if (size > 0 && (first <= out[size - 1] || first - 1 == out[size - 1])) {
        out[size - 1] = Math.max(out[size - 1], last);
      } else {
        out[size++] = first;
        out[size++] = last;
      }
    }
    return new Ranges(Arrays.copyOf(out, size));
  }

  /** The numbers that are here and not in the other set. */
  public Ranges minus(Ranges other) {
    if (other.isEmpty() || isEmpty()) {
      return this;
    }
    var out = new long[bounds.length + other.bounds.length];
    int size = 0;
    int theirs = 0;
    for (int mine = 0; mine < count(); mine++) {
      long first = first(mine);
      long last = last(mine);
      while (theirs < other.count() && other.last(theirs) < first) {
        theirs++;
      }
      boolean open = true;
      for (int t = theirs; open && t < other.count() && other.first(t) <= last; t++) {
        if (other.first(t) > first) {
          out[size++] = first;
          out[size++] = other.first(t) - 1;
        }
        open = other.last(t) < last;
        first = open ? other.last(t) + 1 : first;
      }
      if (open) {
        out[size++] = first;
        out[size++] = last;
      }
    }
    return size == 0 ? EMPTY : new Ranges(Arrays.copyOf(out, size));
  }

  /** Whether every number of the other set is here. */
  public boolean containsAll(Ranges other) {
    return other.minus(this).isEmpty();
  }

  /** At most so many ranges, the lowest: a smaller set, which is always safe to claim. */
  public Ranges lowest(int ranges) {
    return count() <= ranges ? this : new Ranges(Arrays.copyOf(bounds, 2 * ranges));
  }

  /** At most so many ranges, by filling the gaps between the highest: a larger set. */
  public Ranges coarse(int ranges) {
    if (count() <= ranges) {
      return this;
    }
    var out = Arrays.copyOf(bounds, 2 * ranges);
    out[out.length - 1] = max();
    return new Ranges(out);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Ranges that && Arrays.equals(bounds, that.bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }

  @Override
  public String toString() {
    var text = new StringBuilder("[");
    for (int i = 0; i < count(); i++) {
      text.append(i > 0 ? "," : "").append(first(i));
      text.append(first(i) == last(i) ? "" : "-" + last(i));
    }
    return text.append(']').toString();
  }
}

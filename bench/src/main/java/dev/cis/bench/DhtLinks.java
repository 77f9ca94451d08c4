package dev.cis.bench;

import java.util.Arrays;

/** When each pair of nodes last used the connection between them; millions of pairs. */
final class DhtLinks {
  private static final long NONE = -1;

  private final long idle;
  private long[] pairs = empty(1 << 16);
  private long[] usedAt = new long[1 << 16];
  private int size;

  /** Connections end when they were idle for so many nanoseconds. */
  DhtLinks(long idle) {
    this.idle = idle;
  }

  /** Whether there is a connection now. */
  boolean isUp(int a, int b, long now) {
    int place = place(pairs, pair(a, b));
    return pairs[place] != NONE && now - usedAt[place] < idle;
  }

  /** Notes that it is used, and is there from now on. */
  void use(int a, int b, long now) {
    if (size * 2 > pairs.length) {
      rebuild(now);
    }
    long pair = pair(a, b);
    int place = place(pairs, pair);
    if (pairs[place] == NONE) {
      pairs[place] = pair;
      size++;
    }
    usedAt[place] = now;
  }

  /** Drops what has ended, and makes room. */
  private void rebuild(long now) {
    int up = 0;
    for (int i = 0; i < pairs.length; i++) {
      up += pairs[i] != NONE && now - usedAt[i] < idle ? 1 : 0;
    }
    int capacity = Math.max(1 << 16, Integer.highestOneBit(Math.max(1, up)) << 3);
    var nextPairs = empty(capacity);
    var nextUsedAt = new long[capacity];
    for (int i = 0; i < pairs.length; i++) {
      if (pairs[i] != NONE && now - usedAt[i] < idle) {
        int place = place(nextPairs, pairs[i]);
        nextPairs[place] = pairs[i];
        nextUsedAt[place] = usedAt[i];
      }
    }
    pairs = nextPairs;
    usedAt = nextUsedAt;
    size = up;
  }

  private static long[] empty(int capacity) {
    var pairs = new long[capacity];
    Arrays.fill(pairs, NONE);
    return pairs;
  }

  private static long pair(int a, int b) {
    return ((long) Math.min(a, b) << 32) | (Math.max(a, b) & 0xFFFFFFFFL);
  }

  /** Where a pair is or belongs (open addressing; the capacity is a power of two). */
  private static int place(long[] pairs, long pair) {
    long hash = pair * 0x9E3779B97F4A7C15L;
    int place = (int) (hash >>> 32) & (pairs.length - 1);
    while (pairs[place] != NONE && pairs[place] != pair) {
      place = (place + 1) & (pairs.length - 1);
    }
    return place;
  }
}

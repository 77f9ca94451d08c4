package dev.cis.nat.proto;

/** How many of something there are, were at most and were refused. Not thread-safe. */
final class Tally {
  private int now;
  private int peak;
  private long refused;

  int now() {
    return now;
  }

  void add() {
    now++;
    peak = Math.max(peak, now);
  }

  void remove() {
    now--;
  }

  void refuse() {
    refused++;
  }

  RelayTable.Use use() {
    return new RelayTable.Use(now, peak, refused);
  }
}

package dev.cis.dht.proto;

/**
 * How densely nodes fill the space of ids, learnt from how close the nodes were that lookups found.
 * One neighbourhood alone misleads: in a thousand of them some are twice as crowded as most.
 */
final class Density {
  /** What was learnt about so many lookups ago counts a third. */
  private static final double MEMORY = 32;

  private double nodes;
  private double space;

  /** So many nodes were found closest to a target, in this share of the space. */
  void found(int count, double share) {
    nodes += count - nodes / MEMORY;
    space += share - space / MEMORY;
  }

  /**
   * How large a share of the space so many nodes fill.
   *
   * @param here the share that they fill around us, which counts like one lookup
   */
  double share(int count, double here) {
    return count * (space + here) / (nodes + count);
  }
}

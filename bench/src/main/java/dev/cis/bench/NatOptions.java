package dev.cis.bench;

import java.util.List;

/**
 * What {@code nat-matrix} is told on the command line.
 *
 * @param loss percent of the packets that every line loses, each way, 0 to 50
 * @param repeat rounds over all pairs, 1 to 1000
 * @param hosts between which connections are made, two or more of {@link #HOSTS}
 * @param libp2p whether js-libp2p is measured beside
 */
record NatOptions(int loss, int repeat, List<String> hosts, boolean libp2p) {
  static final List<String> HOSTS = List.of("a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1", "pub2");

  /** Checks the ranges. */
  NatOptions {
    if (loss < 0 || loss > 50 || repeat < 1 || repeat > 1_000) {
      throw new IllegalArgumentException("--loss is 0 to 50 percent, --repeat 1 to 1000");
    }
    if (hosts.size() < 2
        || !HOSTS.containsAll(hosts)
        || hosts.stream().distinct().count() < hosts.size()) {
      throw new IllegalArgumentException("--hosts are two or more of " + HOSTS);
    }
  }

  static NatOptions read(List<String> words) {
    int loss = 0;
    int repeat = 1;
    var hosts = HOSTS;
    boolean libp2p = true;
    for (int i = 0; i < words.size(); i += 2) {
      if (i + 1 == words.size()) {
        throw new IllegalArgumentException(words.get(i) + " needs a value");
      }
      var value = words.get(i + 1);
      switch (words.get(i)) {
        case "--loss" -> loss = Integer.parseInt(value);
        case "--repeat" -> repeat = Integer.parseInt(value);
        case "--hosts" -> hosts = List.of(value.split(",", -1));
        case "--libp2p" ->
            libp2p =
                switch (value) {
                  case "on" -> true;
                  case "off" -> false;
                  default ->
                      throw new IllegalArgumentException("--libp2p is on or off, not " + value);
                };
        default ->
            throw new IllegalArgumentException(
                "nat-matrix has no option " + words.get(i) + "; see bench/run --help");
      }
    }
    return new NatOptions(loss, repeat, hosts, libp2p);
  }
}

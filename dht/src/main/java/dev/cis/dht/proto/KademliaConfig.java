package dev.cis.dht.proto;

import java.time.Duration;

/**
 * The parameters of the protocol. Nodes with different ones understand each other.
 *
 * @param k bucket size, and how many closest nodes a lookup must have heard (section 2.2)
 * @param alpha requests in flight per lookup at first
 * @param alphaMax requests in flight per lookup at most; one more for each slow answer, and from
 *     the beginning for a lookup of the closest nodes, until it has come near them
 * @param beta closest nodes that must have answered to end one path of a search, or a lookup that
 *     only refreshes a bucket
 * @param paths disjoint paths that a lookup takes at first
 * @param pathsMax disjoint paths at most, taken while nothing is found or too few nodes
 * @param requestTimeout time for one request, dialling included
 * @param slowAfter a request without an answer for so long is slow, or sooner where answers usually
 *     take less
 * @param attempts how often one lookup asks one node that does not answer
 * @param lookupRequests requests at most that one lookup sends
 * @param lookups lookups at most that run at once
 * @param inFlight requests of all lookups at most that wait for an answer
 * @param refreshEvery a bucket in which nothing was looked up for so long is refreshed; up to six
 *     times as long while hardly a request goes without an answer
 * @param selfLookupEvery how often we look for new neighbours
 * @param hungryEvery the same while we know fewer than {@code maintainPeers} nodes
 * @param maintainPeers nodes that we want to know; below that everybody found is asked
 * @param staleAfter consecutive failures after which a node counts as gone
 * @param questionableAfter silence after which a node is asked before it keeps its place
 * @param probeEvery pause before a node that is gone is asked again, doubled up to 32 times that
 * @param forgetAfter a node that was not heard for so long is forgotten
 * @param perSubnet nodes of one public subnet in the table at most
 * @param perSubnetAndBucket nodes of one public subnet in one bucket at most
 * @param lanOnly know and tell only nodes with a private address
 */
public record KademliaConfig(
    int k,
    int alpha,
    int alphaMax,
    int beta,
    int paths,
    int pathsMax,
    Duration requestTimeout,
    Duration slowAfter,
    int attempts,
    int lookupRequests,
    int lookups,
    int inFlight,
    Duration refreshEvery,
    Duration selfLookupEvery,
    Duration hungryEvery,
    int maintainPeers,
    int staleAfter,
    Duration questionableAfter,
    Duration probeEvery,
    Duration forgetAfter,
    int perSubnet,
    int perSubnetAndBucket,
    boolean lanOnly) {
  /** What every node should have unless its operator knows better. */
  public static final KademliaConfig DEFAULT =
      new KademliaConfig(
          20,
          3,
          10,
          3,
          2,
          8,
          Duration.ofSeconds(5),
          Duration.ofMillis(500),
          2,
          200,
          64,
          256,
          Duration.ofMinutes(10),
          Duration.ofMinutes(10),
          Duration.ofSeconds(30),
          20,
          3,
          Duration.ofMinutes(5),
          Duration.ofSeconds(30),
          Duration.ofHours(24),
          3,
          2,
          false);

  /** Checks the ranges. */
  public KademliaConfig {
    atLeast("dht.k", k, 1);
    if (k > DhtMessage.MAX_RECORDS) {
      throw new IllegalArgumentException("dht.k at most " + DhtMessage.MAX_RECORDS + ", not " + k);
    }
    atLeast("dht.alpha", alpha, 1);
    atLeast("dht.alpha_max", alphaMax, alpha);
    atLeast("dht.beta", beta, 1);
    atLeast("dht.paths", paths, 1);
    atLeast("dht.paths_max", pathsMax, paths);
    atLeast("dht.in_flight", inFlight, alphaMax);
    atLeast("dht.attempts", attempts, 1);
    atLeast("dht.lookup_requests", lookupRequests, k);
    atLeast("dht.lookups", lookups, 1);
    atLeast("dht.maintain_peers", maintainPeers, 0);
    atLeast("dht.stale_after", staleAfter, 1);
    atLeast("dht.per_subnet", perSubnet, 1);
    atLeast("dht.per_subnet_and_bucket", perSubnetAndBucket, 1);
    positive("dht.request_timeout", requestTimeout);
    positive("dht.slow_after", slowAfter);
    positive("dht.refresh_every", refreshEvery);
    positive("dht.self_lookup_every", selfLookupEvery);
    positive("dht.hungry_every", hungryEvery);
    positive("dht.questionable_after", questionableAfter);
    positive("dht.probe_every", probeEvery);
    positive("dht.forget_after", forgetAfter);
  }

  /** The same with other numbers of disjoint paths. */
  public KademliaConfig withPaths(int first, int most) {
    return copy(first, most, perSubnet, perSubnetAndBucket, lanOnly);
  }

  /** The same with other bounds for one public subnet. */
  public KademliaConfig withSubnets(int inTable, int inBucket) {
    return copy(paths, pathsMax, inTable, inBucket, lanOnly);
  }

  /** The same for a node that must not leave the LAN. */
  public KademliaConfig onLan() {
    return copy(paths, pathsMax, perSubnet, perSubnetAndBucket, true);
  }

  private KademliaConfig copy(int first, int most, int inTable, int inBucket, boolean lan) {
    return new KademliaConfig(
        k,
        alpha,
        alphaMax,
        beta,
        first,
        most,
        requestTimeout,
        slowAfter,
        attempts,
        lookupRequests,
        lookups,
        inFlight,
        refreshEvery,
        selfLookupEvery,
        hungryEvery,
        maintainPeers,
        staleAfter,
        questionableAfter,
        probeEvery,
        forgetAfter,
        inTable,
        inBucket,
        lan);
  }

  private static void atLeast(String key, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(key + " at least " + least + ", not " + value);
    }
  }

  private static void positive(String key, Duration value) {
    if (!value.isPositive()) {
      throw new IllegalArgumentException(key + " above 0, not " + value);
    }
  }
}

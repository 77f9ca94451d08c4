package dev.cis.dht.proto;

import java.time.Duration;

/**
 * The parameters of the protocol. Nodes with different ones understand each other.
 *
 * @param k bucket size, and how many closest nodes a lookup must have heard (section 2.2)
 * @param alpha requests in flight per lookup at first
 * @param alphaMax requests in flight per lookup at most; one more for each slow answer
 * @param beta closest nodes that must have answered to end a lookup that only refreshes a bucket
 * @param requestTimeout time for one request, dialling included
 * @param slowAfter a request without an answer for so long is slow
 * @param attempts how often one lookup asks one node that does not answer
 * @param lookupRequests requests at most that one lookup sends
 * @param lookups lookups at most that run at once
 * @param refreshEvery a bucket in which nothing was looked up for so long is refreshed
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
    Duration requestTimeout,
    Duration slowAfter,
    int attempts,
    int lookupRequests,
    int lookups,
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
          Duration.ofSeconds(5),
          Duration.ofMillis(500),
          2,
          200,
          64,
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
    atLeast("k", k, 1);
    if (k > DhtMessage.MAX_RECORDS) {
      throw new IllegalArgumentException("k is " + k + ", at most " + DhtMessage.MAX_RECORDS);
    }
    atLeast("alpha", alpha, 1);
    atLeast("alphaMax", alphaMax, alpha);
    atLeast("beta", beta, 1);
    atLeast("attempts", attempts, 1);
    atLeast("lookupRequests", lookupRequests, k);
    atLeast("lookups", lookups, 1);
    atLeast("maintainPeers", maintainPeers, 0);
    atLeast("staleAfter", staleAfter, 1);
    atLeast("perSubnet", perSubnet, 1);
    atLeast("perSubnetAndBucket", perSubnetAndBucket, 1);
    positive("requestTimeout", requestTimeout);
    positive("slowAfter", slowAfter);
    positive("refreshEvery", refreshEvery);
    positive("selfLookupEvery", selfLookupEvery);
    positive("hungryEvery", hungryEvery);
    positive("questionableAfter", questionableAfter);
    positive("probeEvery", probeEvery);
    positive("forgetAfter", forgetAfter);
  }

  /** The same for a node that must not leave the LAN. */
  public KademliaConfig onLan() {
    return new KademliaConfig(
        k,
        alpha,
        alphaMax,
        beta,
        requestTimeout,
        slowAfter,
        attempts,
        lookupRequests,
        lookups,
        refreshEvery,
        selfLookupEvery,
        hungryEvery,
        maintainPeers,
        staleAfter,
        questionableAfter,
        probeEvery,
        forgetAfter,
        perSubnet,
        perSubnetAndBucket,
        true);
  }

  private static void atLeast(String name, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " is " + value + ", at least " + least);
    }
  }

  private static void positive(String name, Duration value) {
    if (!value.isPositive()) {
      throw new IllegalArgumentException(name + " is " + value + ", must be positive");
    }
  }
}

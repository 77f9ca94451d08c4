package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A look at the live connection to one peer.
 *
 * @param peer who
 * @param outbound whether we dialled
 * @param remote the peer's address as our socket sees it
 * @param path {@code direct} or {@code relay}
 * @param since when it was established
 * @param rtt smoothed round-trip time, null until measured
 * @param streams open streams, both directions
 * @param bytesSent application bytes sent on it
 * @param bytesReceived application bytes received on it
 * @param realms ids of the realms that both sides proved on it
 * @param observed our address as the peer says that it sees it; null until it was said
 */
public record PeerLink(
    NodeId peer,
    boolean outbound,
    Address remote,
    String path,
    Instant since,
    @Nullable Duration rtt,
    int streams,
    long bytesSent,
    long bytesReceived,
    Set<String> realms,
    @Nullable Address observed) {}

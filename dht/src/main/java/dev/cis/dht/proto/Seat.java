package dev.cis.dht.proto;

import dev.cis.kernel.identity.Signed;
import dev.cis.transport.PeerRecord;
import java.time.Duration;

/**
 * A node in the routing table, as people see it.
 *
 * @param bucket how many leading bits its id shares with ours
 * @param record its record
 * @param live false when it has failed so often that it counts as gone
 * @param known how long it has been here
 * @param silent for how long it was not heard
 * @param failures requests in a row that it did not answer
 */
public record Seat(
    int bucket,
    Signed<PeerRecord> record,
    boolean live,
    Duration known,
    Duration silent,
    int failures) {}

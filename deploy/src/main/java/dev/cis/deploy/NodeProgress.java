package dev.cis.deploy;

import dev.cis.deploy.proto.Phase;
import dev.cis.kernel.identity.NodeId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How far one node is with a deployment.
 *
 * @param node which
 * @param name its name, for people
 * @param phase how far
 * @param bytesDone fetched so far
 * @param bytesTotal size of the package
 * @param reason why it is so, empty if there is nothing to say
 * @param at when the node said so, null while it has not said anything
 */
public record NodeProgress(
    NodeId node,
    String name,
    Phase phase,
    long bytesDone,
    long bytesTotal,
    String reason,
    @Nullable Instant at) {}

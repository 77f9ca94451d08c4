package dev.cis.deploy.proto;

import dev.cis.kernel.identity.NodeId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node says of one application, in its own part of the memory ({@code
 * node/<NodeId>/app/<app>}, as JSON with the names used here).
 *
 * @param node who says it
 * @param app the application
 * @param version the version that runs or was to run, empty if none yet
 * @param digest SHA-256 of its package, 64 hexadecimal digits, empty if none yet
 * @param publisher the key whose order this is about, 64 hexadecimal digits
 * @param sequence the sequence of that order
 * @param phase how far it is
 * @param reason why, in words, for every phase that is not as wanted; else empty
 * @param bytesDone fetched so far
 * @param bytesTotal size of the package
 * @param pid the process, null if there is none
 * @param startedAt when the process was started, null if there is none
 * @param restarts how often it was restarted since it was last healthy for a minute
 * @param exitStatus how the last process ended, null if none has
 * @param limits which resource limits are enforced and which are not
 * @param versions what is unpacked on the node
 * @param packages digests of packages that others may fetch from this node
 * @param untrusted publishers whose orders for the application select this node, and whom it does
 *     not trust, at most 8
 * @param lastLines the last lines of output, when it failed
 * @param at when this was said, by the node's own clock
 */
public record AppState(
    NodeId node,
    String app,
    String version,
    String digest,
    String publisher,
    long sequence,
    Phase phase,
    String reason,
    long bytesDone,
    long bytesTotal,
    @Nullable Long pid,
    @Nullable Instant startedAt,
    int restarts,
    @Nullable Integer exitStatus,
    String limits,
    List<String> versions,
    List<String> packages,
    List<String> untrusted,
    List<String> lastLines,
    Instant at) {
  /** Copies the lists. */
  public AppState {
    versions = List.copyOf(versions);
    packages = List.copyOf(packages);
    untrusted = List.copyOf(untrusted);
    lastLines = List.copyOf(lastLines);
  }
}

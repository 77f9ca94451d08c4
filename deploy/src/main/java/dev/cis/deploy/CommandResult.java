package dev.cis.deploy;

import dev.cis.kernel.fault.Code;
import dev.cis.kernel.identity.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * What a node answered to a command.
 *
 * @param node which
 * @param name its name, for people
 * @param failure null when the node has taken the command, else what is wrong
 * @param message in words
 */
public record CommandResult(NodeId node, String name, @Nullable Code failure, String message) {
  /** Whether the node has taken the command. */
  public boolean ok() {
    return failure == null;
  }
}

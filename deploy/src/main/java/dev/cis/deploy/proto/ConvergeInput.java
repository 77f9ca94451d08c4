package dev.cis.deploy.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.PublicKey;
import java.util.Map;
import java.util.Set;

/** What can happen to {@link ConvergeMachine}. */
public sealed interface ConvergeInput {
  /** What this node remembers from before it was restarted; comes before everything else. */
  record Restored(AppRecord record) implements ConvergeInput {}

  /**
   * An order is known.
   *
   * @param publisher who signed it
   * @param author the node that wrote it into the memory: it has the package
   */
  record Ordered(PublicKey publisher, NodeId author, DeployOrder order) implements ConvergeInput {}

  /** These publishers are trusted now, and no others. */
  record Trusted(Set<PublicKey> publishers) implements ConvergeInput {}

  /** This node has these labels now. */
  record Labelled(Map<String, String> labels) implements ConvergeInput {}

  /** So many bytes of a package are here. */
  record Fetched(String app, Release release, long done) implements ConvergeInput {}

  /** A package is fetched, verified and completely unpacked. */
  record Prepared(String app, Release release) implements ConvergeInput {}

  /**
   * It is not.
   *
   * @param forGood whether trying again cannot help: the package itself is bad
   */
  record NotPrepared(String app, Release release, boolean forGood, String reason)
      implements ConvergeInput {}

  /**
   * The supervisor says how the process is.
   *
   * @param generation the number given with the start that this is about
   */
  record Reported(String app, long generation, ProcessReport report) implements ConvergeInput {}

  /** Everything of the application is gone from disk. */
  record Deleted(String app) implements ConvergeInput {}

  /** An operator's command, already found to be authentic. {@code id} comes back in the answer. */
  record Commanded(long id, String app, AppAction action) implements ConvergeInput {}
}

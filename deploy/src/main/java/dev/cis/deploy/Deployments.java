package dev.cis.deploy;

import dev.cis.blobs.Digest;
import dev.cis.deploy.proto.AppAction;
import dev.cis.deploy.proto.LogQuery;
import dev.cis.deploy.proto.Selector;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Applications on this node and on others. Thread-safe. */
public interface Deployments extends AutoCloseable {
  /**
   * Publishes a package and orders the selected nodes to run it. Returns when the order is durable
   * on this node; it spreads by itself.
   *
   * @param packageFile a {@code .p2p} file; its signature must be good, by whatever key
   * @param publisher signs the order; the targets decide whether they trust it
   * @throws dev.cis.kernel.fault.Fault when the package is not well-formed or its signature is
   *     wrong
   */
  Deployment deploy(Path packageFile, Selector selector, DeployOptions options, KeyPair publisher)
      throws IOException;

  /** The same for a package that is among this node's blobs. */
  Deployment deploy(
      Digest packageBlob, Selector selector, DeployOptions options, KeyPair publisher);

  /** Orders the selected nodes to stop the application and delete it. */
  Deployment remove(String app, Selector selector, KeyPair publisher);

  /** The newest order that is known for the application, to watch it again. */
  Optional<Deployment> deployment(String app);

  /** Every application on every node, from the memory; by application, then node. */
  List<AppView> apps();

  /**
   * Tells nodes to do something at once. The signer is a publisher that the targets trust; this
   * node's own key is enough for this node itself. Start and stop hold until the next order.
   *
   * @return one result per node, in the order given
   */
  List<CommandResult> command(
      AppAction action, String app, Collection<NodeId> nodes, KeyPair signer, Duration within)
      throws InterruptedException;

  /**
   * Reads logs from nodes. Who may read is decided as for {@link #command}.
   *
   * @throws dev.cis.kernel.fault.Fault when the query makes no sense
   */
  LogFeed logs(LogQuery query, Collection<NodeId> nodes, KeyPair signer);

  /** Stops working on orders. Applications go on running and are taken up again at next start. */
  @Override
  void close();
}

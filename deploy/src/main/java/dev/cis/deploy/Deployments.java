package dev.cis.deploy;

import dev.cis.blobs.Blobs;
import dev.cis.blobs.Digest;
import dev.cis.deploy.proto.AppAction;
import dev.cis.deploy.proto.DeployCode;
import dev.cis.deploy.proto.LogQuery;
import dev.cis.deploy.proto.Selector;
import dev.cis.deploy.trust.Publishers;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.time.Uptime;
import dev.cis.sync.Memory;
import dev.cis.transport.Swarm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Applications on this node and on others. Thread-safe. */
public interface Deployments extends AutoCloseable {
  /**
   * Begins to work on orders, and takes up applications that are running already.
   *
   * @param directory where applications live
   * @param node this node's key
   * @param publishers whom this node believes; looked at again every second
   * @throws dev.cis.kernel.fault.Fault {@code deploy.store-failed} when the directory is unusable
   */
  static Deployments start(
      Path directory,
      KeyPair node,
      Swarm swarm,
      Memory memory,
      Blobs blobs,
      Publishers publishers,
      DeployConfig config) {
    return start(directory, node, swarm, memory, blobs, publishers, config, Uptime.CLOCK);
  }

  /** The same with a clock of one's own. */
  static Deployments start(
      Path directory,
      KeyPair node,
      Swarm swarm,
      Memory memory,
      Blobs blobs,
      Publishers publishers,
      DeployConfig config,
      Supplier<Now> clock) {
    var packages = new SignedPackages(publishers, config.stopGrace(), clock);
    try {
      return new LocalDeployments(directory, node, swarm, memory, blobs, packages, config, clock);
    } catch (IOException e) {
      throw new Fault(DeployCode.STORE_FAILED, "cannot use " + directory + ": " + e, e);
    }
  }

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

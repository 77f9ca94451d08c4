package dev.cis.deploy;

import dev.cis.blobs.Digest;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A deployment under way, or one that was: what an order asks for and how far each node is. */
public interface Deployment {
  /** The application. */
  String app();

  /** The version ordered; empty for a removal. */
  String version();

  /** The package; null for a removal. */
  @Nullable Digest digest();

  /** The order's sequence, unique for the application. */
  long sequence();

  /**
   * One entry per target: nodes that are known to match and nodes that said that they carry the
   * order out, by name.
   */
  List<NodeProgress> progress();

  /** Calls back with each change of a node's progress until closed; at first with every node. */
  Watch watch(Consumer<NodeProgress> watcher);

  /** Waits until every target has come to an end; false if the time was over first. */
  boolean await(Duration within) throws InterruptedException;

  /** A watch that can be ended. */
  interface Watch extends AutoCloseable {
    @Override
    void close();
  }
}

package dev.cis.deploy;

import dev.cis.deploy.proto.LogRecord;
import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Log lines of one application from several nodes, merged by time. */
public interface LogFeed extends AutoCloseable {
  /**
   * A record and the node it is from. Each node's own records end with one {@link LogRecord.End}.
   *
   * @param node from which node
   * @param nodeName its name, for people
   * @param record the line, gap or end
   */
  record Entry(NodeId node, String nodeName, LogRecord record) {}

  /** The next record; waits for it. Null once every node's log has ended, or after closing. */
  @Nullable Entry next() throws InterruptedException;

  /** The next record, null also when none came in time; see {@link #isOver}. */
  @Nullable Entry next(Duration within) throws InterruptedException;

  /** Whether nothing more will come. */
  boolean isOver();

  @Override
  void close();
}

package dev.cis.transport.quic;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.TransportCode;
import io.netty.handler.codec.quic.QLogConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * For which peers the next connection that we dial is recorded as qlog (draft-ietf-quic-qlog-main).
 * Netty takes the setting only before a connection begins.
 */
final class Qlogs {
  private final Map<NodeId, Path> directories = new ConcurrentHashMap<>();
  private final AtomicLong files = new AtomicLong(System.currentTimeMillis());

  /** Records connections to the peer in new files there; null stops. */
  void set(NodeId peer, @Nullable Path directory) {
    if (directory == null) {
      directories.remove(peer);
      return;
    }
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new Fault(
          TransportCode.QLOG_FAILED, "cannot write qlogs to " + directory + ": " + e, e);
    }
    directories.put(peer, directory);
  }

  /** What to tell Netty for a dial, null if it is not recorded. */
  @Nullable QLogConfiguration next(@Nullable NodeId peer) {
    var directory = peer == null ? null : directories.get(peer);
    if (peer == null || directory == null) {
      return null;
    }
    var file = directory.resolve(peer.brief() + "-" + files.incrementAndGet() + ".sqlog");
    return new QLogConfiguration(file.toString(), "cis", "to " + peer);
  }
}

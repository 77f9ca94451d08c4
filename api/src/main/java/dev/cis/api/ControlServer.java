package dev.cis.api;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.node.Home;
import dev.cis.node.NodeCode;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes requests at the Unix domain socket of a data directory. The holder of the directory's lock
 * may take over the socket that a dead daemon left behind.
 */
public final class ControlServer implements AutoCloseable {
  /** Requests served at once. */
  static final int MAX_CALLS = 128;

  private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

  private final Home home;
  private final ServerSocketChannel server;
  private final Handler handler;
  private final Semaphore room = new Semaphore(MAX_CALLS);
  private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();

  private ControlServer(Home home, ServerSocketChannel server, Handler handler) {
    this.home = home;
    this.server = server;
    this.handler = handler;
  }

  /** Opens the socket. The caller holds the lock of the directory. */
  public static ControlServer open(Home home, Handler handler) {
    ServerSocketChannel server = null;
    try {
      Files.deleteIfExists(home.socket());
      server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      server.bind(UnixDomainSocketAddress.of(home.socket()));
      Files.setPosixFilePermissions(home.socket(), PosixFilePermissions.fromString("rw-------"));
      var control = new ControlServer(home, server, handler);
      var _ = Thread.ofVirtual().name("control").start(control::accept);
      return control;
    } catch (IOException e) {
      closeQuietly(server);
      throw new Fault(
          NodeCode.BAD_HOME,
          "cannot open the control socket " + home.socket() + ": " + e.getMessage(),
          e);
    }
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        var channel = server.accept();
        open.add(channel);
        var _ = Thread.ofVirtual().name("control-call").start(() -> serve(channel));
      } catch (IOException e) {
        if (server.isOpen()) {
          LOG.warn("event=control-accept-failed reason={}", e.toString());
        }
      }
    }
  }

  private void serve(SocketChannel channel) {
    var frames = new Frames(channel);
    try (channel) {
      if (!room.tryAcquire()) {
        frames.json(error(new Fault(ApiCode.BUSY, MAX_CALLS + " requests are under way")));
        return;
      }
      try {
        answer(frames);
      } finally {
        room.release();
      }
    } catch (IOException | Fault e) {
      LOG.debug("event=control-call-lost reason={}", e.toString());
    } finally {
      open.remove(channel);
    }
  }

  private void answer(Frames frames) throws IOException {
    SocketCall call = null;
    Object answer;
    try {
      var body = frames.read(Frames.Type.JSON);
      if (body == null) {
        return;
      }
      var request = Vocabulary.toRequest(RecordJson.parse(body));
      call = new SocketCall(frames, request instanceof Request.Deploy);
      answer = Map.of("done", RecordJson.toMap((Record) handler.handle(request, call)));
    } catch (Fault e) {
      answer = error(e);
    } catch (InterruptedException e) {
      LOG.debug("event=control-call-ended reason=client-gone");
      return;
    } catch (RuntimeException | StackOverflowError e) {
      LOG.error("event=control-defect", e);
      answer =
          error(
              new Fault(
                  KernelCode.DEFECT,
                  "a defect of the daemon: " + e + "; daemon.log has more, please report it",
                  e));
    } finally {
      if (call != null) {
        call.close();
      }
    }
    frames.json(answer);
  }

  private static Map<String, Object> error(Fault fault) {
    return Map.of(
        "error",
        Map.of(
            "code", fault.code().text(),
            "kind", fault.kind().name(),
            "message", String.valueOf(fault.getMessage())));
  }

  private static void closeQuietly(@Nullable Closeable closeable) {
    try {
      if (closeable != null) {
        closeable.close();
      }
    } catch (IOException e) {
      LOG.debug("event=control-close-failed reason={}", e.toString());
    }
  }

  /** Ends every request and removes the socket. */
  @Override
  public void close() {
    closeQuietly(server);
    open.forEach(ControlServer::closeQuietly);
    try {
      Files.deleteIfExists(home.socket());
    } catch (IOException e) {
      LOG.warn("event=control-socket-left reason={}", e.toString());
    }
  }
}

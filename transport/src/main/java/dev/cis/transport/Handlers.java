package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What this node serves, and the serving of accepted pipes. */
final class Handlers {
  private static final Logger LOG = LoggerFactory.getLogger(Handlers.class);

  /** A handler that also sees the link. */
  interface LinkHandler {
    void serve(Live live, FramedStream stream) throws InterruptedException;
  }

  private final Map<ProtocolId, LinkHandler> handlers = new ConcurrentHashMap<>();
  private final TransportConfig config;

  Handlers(TransportConfig config) {
    this.config = config;
  }

  /** Serves a protocol until the answer is closed. */
  Swarm.Registration add(ProtocolId protocol, LinkHandler handler) {
    if (handlers.putIfAbsent(protocol, handler) != null) {
      throw new Fault(TransportCode.ALREADY_SERVED, protocol + " is served already");
    }
    return () -> handlers.remove(protocol, handler);
  }

  List<ProtocolId> protocols() {
    return handlers.keySet().stream()
        .sorted(Comparator.comparing(ProtocolId::toString))
        .limit(64)
        .toList();
  }

  /** Serves a pipe that the peer opened. Returns when it is done. */
  void serve(Live live, Pipe pipe) {
    var stream = FramedStream.accepted(pipe, live, config.limits().maxFrame());
    if (!live.enter(config.limits().maxInboundStreams())) {
      stream.refuse(
          TransportCode.BUSY,
          "transport.max-inbound-streams = " + config.limits().maxInboundStreams() + " is reached");
      return;
    }
    try {
      serve(live, stream);
    } catch (InterruptedException e) {
      stream.reset(Kind.UNREACHABLE);
    } catch (Fault e) {
      LOG.debug(
          "event=stream-failed peer={} protocol={} code={} message={}",
          live.peer().brief(),
          stream.protocol(),
          e.code().text(),
          e.getMessage());
      stream.reset(e.kind());
    } catch (RuntimeException e) {
      LOG.error(
          "event=handler-defect peer={} protocol={}", live.peer().brief(), stream.protocol(), e);
      stream.reset(Kind.INTERNAL);
    } finally {
      live.leave();
      stream.close();
    }
  }

  private void serve(Live live, FramedStream stream) throws InterruptedException {
    stream.deadline(config.dialling().handshakeTimeout());
    var header = stream.readHeader();
    boolean greeting = Greeting.PROTOCOL.serves(header.protocol());
    if (!greeting && !awaitAdoption(live)) {
      throw new Fault(TransportCode.CONNECTION_LOST, "the connection did not become the one");
    }
    var chosen = choose(header);
    if (chosen.isEmpty()) {
      stream.refuse(
          TransportCode.NO_PROTOCOL,
          header.realm().isEmpty()
              ? header.protocol() + " is not spoken here"
              : "realm '" + Wording.printable(header.realm()) + "' is not served here");
      return;
    }
    stream.accept(chosen.get().getKey());
    stream.deadline(
        header.deadlineMillis() == 0 ? null : Duration.ofMillis(header.deadlineMillis()));
    chosen.get().getValue().serve(live, stream);
  }

  /** The highest minor version of the same major. */
  private Optional<Map.Entry<ProtocolId, LinkHandler>> choose(StreamHeader header) {
    if (!header.realm().isEmpty()) {
      return Optional.empty();
    }
    return handlers.entrySet().stream()
        .filter(entry -> entry.getKey().serves(header.protocol()))
        .max(Comparator.comparingInt(entry -> entry.getKey().minor()));
  }

  /** Streams may overtake the greeting that makes the link count; they wait for it. */
  private boolean awaitAdoption(Live live) throws InterruptedException {
    try {
      return live.adopted.get(config.dialling().handshakeTimeout().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | java.util.concurrent.ExecutionException e) {
      return false;
    }
  }
}

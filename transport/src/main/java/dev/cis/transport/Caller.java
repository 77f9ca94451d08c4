package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Puts calls on the links with their peers, which it has made where there are none. */
final class Caller {
  private final TransportConfig config;
  private final Handlers handlers;
  private final Peers peers;
  private final Connector connector;

  Caller(TransportConfig config, Handlers handlers, Peers peers, Connector connector) {
    this.config = config;
    this.handlers = handlers;
    this.peers = peers;
    this.connector = connector;
  }

  CompletableFuture<Answer> call(
      NodeId node, String realm, ProtocolId protocol, byte[] request, Duration within) {
    var call = pending(realm, protocol, request, within);
    var live = connector.isClosed() ? null : peers.live(node);
    if (live != null && !handlers.admits(live, call.realm)) {
      call.fail(Handlers.notProved(node, protocol));
    } else if (live == null || !live.calls().offer(call)) {
      Thread.ofVirtual().name("call-" + node.brief()).start(() -> connectAndCall(node, call));
    }
    return call;
  }

  Answer ask(NodeId node, String realm, ProtocolId protocol, byte[] request, Duration within) {
    var call = pending(realm, protocol, request, within);
    try {
      submit(node, call);
      return call.get();
    } catch (InterruptedException e) {
      boolean _ = call.cancel(true);
      throw Connector.interrupted("the call " + protocol + " to " + node.brief());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Fault fault) {
        // The same words, with the stack of who hears them.
        throw new Fault(fault.code(), String.valueOf(fault.getMessage()), fault);
      }
      throw new IllegalStateException(e);
    }
  }

  private PendingCall pending(String realm, ProtocolId protocol, byte[] request, Duration within) {
    int most = config.limits().maxFrame() - CallFrame.HEAD_BYTES;
    if (request.length > most) {
      throw new Fault(
          TransportCode.FRAME_TOO_LARGE,
          "a call of " + request.length + " bytes is over " + most + " (transport.max_frame)");
    }
    return new PendingCall(protocol, realm, Bytes.of(request), Deadline.in(within));
  }

  private void connectAndCall(NodeId node, PendingCall call) {
    try {
      submit(node, call);
    } catch (Fault e) {
      call.fail(e);
    } catch (InterruptedException e) {
      call.fail(Connector.interrupted("calling " + node.brief()));
    }
  }

  /** Hands the call to the link with the peer, once. */
  private void submit(NodeId node, PendingCall call) throws InterruptedException {
    while (true) {
      var live = connector.connected(node, call.deadline, false);
      if (!handlers.admits(live, call.realm)) {
        throw Handlers.notProved(node, call.protocol);
      }
      if (live.calls().offerWaiting(call)) {
        return;
      }
      // The link was lost since it was looked up, before it heard of the call.
      boolean _ = connector.ended(live, "lost");
    }
  }
}

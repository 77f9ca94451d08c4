package dev.cis.dht;

import dev.cis.dht.proto.DhtInput;
import dev.cis.dht.proto.DhtMessage;
import dev.cis.dht.proto.DhtOutput;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Codec;
import dev.cis.transport.Address;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Requests to peers and answers to theirs: one stream each, on virtual threads. */
final class Calls {
  private static final Logger LOG = LoggerFactory.getLogger(Calls.class);

  private final Swarm swarm;
  private final DhtConfig config;
  private final Consumer<DhtInput> inputs;
  private final Codec<DhtMessage.Response> responses = DhtMessage.response(new VerifiedRecords());
  private final ConcurrentHashMap<NodeId, Integer> dialling = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Long, CompletableFuture<DhtMessage.Response>> asked =
      new ConcurrentHashMap<>();
  private final AtomicLong lastCorrelation = new AtomicLong();
  private final Semaphore places;

  Calls(Swarm swarm, DhtConfig config, Consumer<DhtInput> inputs) {
    this.swarm = swarm;
    this.config = config;
    this.inputs = inputs;
    this.places = new Semaphore(config.servedAtOnce());
  }

  /** Whether a request of ours to this node is under way. */
  boolean isDialling(NodeId node) {
    return dialling.containsKey(node);
  }

  /** Puts what we know of a node into the address book. */
  void remember(Signed<PeerRecord> record) {
    if (config.kademlia().lanOnly()
        && !record.value().addresses().stream().allMatch(Address::isPrivate)) {
      // The record would lead the dialler out of the LAN.
      reachable(record)
          .forEach(address -> swarm.book().suggest(record.value().node(), address, "dht"));
    } else {
      swarm.book().add(record);
    }
  }

  /** The addresses of a node that we may use. */
  List<Address> reachable(Signed<PeerRecord> record) {
    return record.value().addresses().stream()
        .filter(address -> !config.kademlia().lanOnly() || address.isPrivate())
        .toList();
  }

  /** Asks a node; how many wait at the same time is bounded by the machine. */
  void send(DhtOutput.SendRequest request) {
    Thread.ofVirtual().name("dht-call-" + request.id()).start(() -> call(request));
  }

  private void call(DhtOutput.SendRequest request) {
    var node = request.to().value().node();
    dialling.merge(node, 1, Integer::sum);
    try {
      remember(request.to());
      inputs.accept(new DhtInput.Response(node, ask(node, request.message()), request.id()));
    } catch (Fault e) {
      LOG.debug(
          "event=dht-request-failed peer={} code={} why=\"{}\"",
          node.brief(),
          e.code().text(),
          e.getMessage());
      inputs.accept(new DhtInput.RequestFailed(node, request.id()));
    } finally {
      dialling.computeIfPresent(node, (peer, n) -> n == 1 ? null : n - 1);
    }
  }

  private DhtMessage.Response ask(NodeId node, DhtMessage.Request message) {
    var within = config.kademlia().requestTimeout();
    try (var stream = swarm.open(node, DhtMessage.PROTOCOL, within)) {
      stream.deadline(within);
      stream.send(DhtMessage.REQUEST.encode(message));
      stream.finish();
      byte[] answer = stream.receive(DhtMessage.MAX_RESPONSE);
      return responses.decode(answer == null ? new byte[0] : answer);
    }
  }

  /** Serves one stream of a peer. */
  void serve(Stream stream) throws InterruptedException {
    if (config.kademlia().lanOnly() && isOutside(stream.peer())) {
      throw new Fault(DhtCode.NOT_SERVED, stream.peer().brief() + " is not on this LAN");
    }
    if (!places.tryAcquire()) {
      throw new Fault(DhtCode.BUSY, config.servedAtOnce() + " requests are served already");
    }
    long correlation = lastCorrelation.incrementAndGet();
    var answer = new CompletableFuture<DhtMessage.Response>();
    try {
      stream.deadline(config.kademlia().requestTimeout());
      byte[] bytes = stream.receive(DhtMessage.MAX_REQUEST);
      var request = DhtMessage.REQUEST.decode(bytes == null ? new byte[0] : bytes);
      asked.put(correlation, answer);
      inputs.accept(new DhtInput.Request(stream.peer(), request, correlation));
      long within = config.kademlia().requestTimeout().toNanos();
      stream.send(responses.encode(answer.get(within, TimeUnit.NANOSECONDS)));
      stream.finish();
    } catch (ExecutionException | TimeoutException e) {
      throw new Fault(DhtCode.BUSY, "the DHT of this node is busy", e);
    } finally {
      asked.remove(correlation);
      places.release();
    }
  }

  private boolean isOutside(NodeId peer) {
    return swarm.link(peer).filter(link -> link.remote().isPrivate()).isEmpty();
  }

  /** The machine's answer to a request that {@link #serve} waits for. */
  void respond(long correlation, DhtMessage.Response message) {
    var future = asked.get(correlation);
    if (future != null) {
      future.complete(message);
    }
  }
}

package dev.cis.dht;

import dev.cis.dht.proto.DhtInput;
import dev.cis.dht.proto.DhtMessage;
import dev.cis.dht.proto.DhtOutput;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Codec;
import dev.cis.transport.Address;
import dev.cis.transport.Answer;
import dev.cis.transport.Call;
import dev.cis.transport.PeerLink;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.Swarm;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Requests to peers and answers to theirs, as calls of the swarm. */
final class Calls {
  private static final Logger LOG = LoggerFactory.getLogger(Calls.class);
  private static final Executor THREADS = task -> Thread.ofVirtual().name("dht-answer").start(task);

  private final Swarm swarm;
  private final DhtConfig config;
  private final Consumer<DhtInput> inputs;
  private final Codec<DhtMessage.Response> responses = DhtMessage.response(new VerifiedRecords());
  private final ConcurrentHashMap<NodeId, Integer> dialling = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Long, CompletableFuture<DhtMessage.Response>> asked =
      new ConcurrentHashMap<>();
  private final AtomicLong lastCorrelation = new AtomicLong();
  private final AtomicLong malformed = new AtomicLong();
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
    var node = request.to().value().node();
    dialling.merge(node, 1, Integer::sum);
    remember(request.to());
    byte[] message = DhtMessage.REQUEST.encode(request.message());
    var _ =
        swarm
            .call(node, DhtMessage.PROTOCOL, message, config.kademlia().requestTimeout())
            .whenCompleteAsync((answer, failure) -> answered(request, answer, failure), THREADS);
  }

  private void answered(
      DhtOutput.SendRequest request, @Nullable Answer answer, @Nullable Throwable failure) {
    var node = request.to().value().node();
    dialling.computeIfPresent(node, (peer, n) -> n == 1 ? null : n - 1);
    try {
      if (answer == null) {
        throw failure instanceof Fault fault ? fault : unexpected(failure);
      }
      if (answer.payload().size() > DhtMessage.MAX_RESPONSE) {
        throw new Fault(KernelCode.TOO_LARGE, "an answer of " + answer.payload().size() + " bytes");
      }
      var response = responses.decode(answer.bytes());
      inputs.accept(new DhtInput.Response(node, remote(node), response, request.id()));
    } catch (Fault e) {
      LOG.debug(
          "event=dht-request-failed peer={} code={} why=\"{}\"",
          node.brief(),
          e.code().text(),
          e.getMessage());
      inputs.accept(new DhtInput.RequestFailed(node, request.id()));
    }
  }

  private @Nullable Address remote(NodeId peer) {
    return swarm.link(peer).map(PeerLink::remote).orElse(null);
  }

  private static Fault unexpected(@Nullable Throwable failure) {
    return new Fault(KernelCode.DEFECT, "a call failed: " + failure, failure);
  }

  /** Answers one call of a peer. */
  byte[] serve(Call call) throws InterruptedException {
    var remote = remote(call.peer());
    if (config.kademlia().lanOnly() && (remote == null || !remote.isPrivate())) {
      throw new Fault(DhtCode.NOT_SERVED, call.peer().brief() + " is not on this LAN");
    }
    if (!places.tryAcquire()) {
      throw new Fault(DhtCode.BUSY, config.servedAtOnce() + " requests are served already");
    }
    long correlation = lastCorrelation.incrementAndGet();
    var answer = new CompletableFuture<DhtMessage.Response>();
    try {
      var request = request(call);
      asked.put(correlation, answer);
      inputs.accept(new DhtInput.Request(call.peer(), remote, request, correlation));
      long within = config.kademlia().requestTimeout().toNanos();
      return responses.encode(answer.get(within, TimeUnit.NANOSECONDS));
    } catch (ExecutionException | TimeoutException e) {
      throw new Fault(DhtCode.BUSY, "the DHT of this node is busy", e);
    } finally {
      asked.remove(correlation);
      places.release();
    }
  }

  private DhtMessage.Request request(Call call) {
    try {
      byte[] bytes = call.request();
      if (bytes.length > DhtMessage.MAX_REQUEST) {
        throw new Fault(
            KernelCode.TOO_LARGE,
            "a request of " + bytes.length + " bytes, limit " + DhtMessage.MAX_REQUEST);
      }
      return DhtMessage.REQUEST.decode(bytes);
    } catch (Fault e) {
      malformed.incrementAndGet();
      throw e;
    }
  }

  /** Requests of peers that could not be read. */
  long malformed() {
    return malformed.get();
  }

  /** The machine's answer to a request that {@link #serve} waits for. */
  void respond(long correlation, DhtMessage.Response message) {
    var future = asked.get(correlation);
    if (future != null) {
      future.complete(message);
    }
  }
}

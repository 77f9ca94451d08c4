package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What this node serves, and the serving of accepted pipes. */
final class Handlers {
  private static final Logger LOG = LoggerFactory.getLogger(Handlers.class);

  private static final int DROPPED = 64 << 10;

  /** A handler that also sees the link. */
  interface LinkHandler {
    void serve(Live live, FramedStream stream) throws InterruptedException;
  }

  /** Takes the streams of greetings, in turn. */
  interface Greetings {
    void accepted(Live live, EventPipe pipe, int size, ByteBuffer rest);
  }

  /** Where a protocol is served. */
  sealed interface Where {
    /** On every link, whichever realm was proved; the stream names none. */
    record Everywhere() implements Where {}

    /** In the home realm, whichever that is. */
    record Home() implements Where {}

    /** In this realm. */
    record In(String realm) implements Where {}
  }

  private record Served(ProtocolId protocol, Where where) {}

  private final Map<Served, LinkHandler> handlers = new ConcurrentHashMap<>();
  private final CallTable calls = new CallTable();
  private final Set<String> compressed = ConcurrentHashMap.newKeySet();
  private final Map<String, CallTable> callsElsewhere = new ConcurrentHashMap<>();
  private final TransportConfig config;
  private final Admission admission;
  private final Quotas quotas;
  private final Greetings greetings;

  Handlers(TransportConfig config, Admission admission, Quotas quotas, Greetings greetings) {
    this.greetings = greetings;
    this.config = config;
    this.admission = admission;
    this.quotas = quotas;
  }

  /** Serves a protocol until the answer is closed. */
  Swarm.Registration add(ProtocolId protocol, Where where, LinkHandler handler) {
    var served = new Served(protocol, where);
    if (handlers.putIfAbsent(served, handler) != null) {
      throw new Fault(TransportCode.ALREADY_SERVED, protocol + " is served already");
    }
    return () -> handlers.remove(served, handler);
  }

  /** Streams of the protocol are compressed from now on where the peer does the same. */
  void compress(ProtocolId protocol) {
    compressed.add(protocol.path());
  }

  boolean compresses(ProtocolId protocol) {
    return compressed.contains(protocol.path());
  }

  CallTable calls() {
    return calls;
  }

  /** What is answered in a realm other than home. */
  CallTable callsIn(String realm) {
    return callsElsewhere.computeIfAbsent(realm, _ -> new CallTable());
  }

  /** Who answers a call for the protocol in the realm. */
  Optional<CallTable.Served> answering(String realm, String protocol) {
    var table = isHome(realm) ? calls : callsElsewhere.get(realm);
    return table == null ? Optional.empty() : table.find(protocol);
  }

  List<ProtocolId> protocols() {
    return Stream.of(
            Stream.of(Greeting.PROTOCOL),
            handlers.keySet().stream().map(Served::protocol),
            calls.protocols(),
            callsElsewhere.values().stream().flatMap(CallTable::protocols))
        .flatMap(each -> each)
        .distinct()
        .sorted(Comparator.comparing(ProtocolId::toString))
        .limit(64)
        .toList();
  }

  /** What is spoken with strangers: in the realm of anchors, or in none. */
  List<ProtocolId> openProtocols() {
    var streams =
        handlers.keySet().stream()
            .filter(served ->
                served.where instanceof Where.Everywhere
                    || served.where.equals(new Where.In(Admission.ANCHOR_REALM)))
            .map(Served::protocol);
    return Stream.of(
            Stream.of(Greeting.PROTOCOL), streams, callsIn(Admission.ANCHOR_REALM).protocols())
        .flatMap(each -> each)
        .distinct()
        .sorted(Comparator.comparing(ProtocolId::toString))
        .limit(64)
        .toList();
  }

  /** Takes a pipe that the peer opened, in turn. */
  void accepted(Live live, EventPipe pipe) {
    var place = new Place(live.peer());
    var full = place.enter(live);
    if (full != null) {
      refuse(live, pipe, full);
      return;
    }
    pipe.attend(
        new Opening(
            pipe,
            config.dialling().handshakeTimeout(),
            new Opening.Next() {
              @Override
              public void opened(StreamHeader header, int size, ByteBuffer rest) {
                boolean forCalls = CallFrame.PROTOCOL.serves(header.protocol());
                boolean greeting = Greeting.PROTOCOL.serves(header.protocol());
                if ((forCalls || greeting) && header.isInBlocks()) {
                  place.leave();
                  pipe.reset(Kind.INVALID); // they are not compressed
                } else if (greeting) {
                  place.leave(); // it is the link's own, and there is one
                  greetings.accepted(live, pipe, size, rest);
                } else if (forCalls) {
                  live.calls().flow().received(size);
                  takeCalls(live, pipe, rest, place);
                } else {
                  var blocking = pipe.toPipe();
                  Thread.ofVirtual()
                      .name("serve-" + live.peer().brief())
                      .start(() -> serve(live, blocking, header, size, rest, place));
                }
              }

              @Override
              public void failed() {
                place.leave();
              }
            }));
  }

  private static void refuse(Live live, EventPipe pipe, Quota full) {
    var code = TransportCode.BUSY;
    byte[] answer =
        StreamAnswer.CODEC.encode(StreamAnswer.refused(code, full.refuse(live.peer().brief())));
    pipe.attend(new Refused(pipe, code.kind()));
    pipe.write(ByteBuffer.wrap(FramedStream.framed(answer)), true);
  }

  /** Drops what arrives; a peer that goes on is told to stop. */
  private static final class Refused implements EventPipe.Receiver {
    private final EventPipe pipe;
    private final Kind why;
    private long dropped;

    Refused(EventPipe pipe, Kind why) {
      this.pipe = pipe;
      this.why = why;
    }

    @Override
    public void received(ByteBuffer bytes) {
      dropped += bytes.remaining();
      if (dropped > DROPPED) {
        pipe.stopReading(why);
      }
    }

    @Override
    public void ended() {}

    @Override
    public void broken(Fault fault) {}
  }

  private void takeCalls(Live live, EventPipe pipe, ByteBuffer rest, Place place) {
    var full = place.speak(CallFrame.PROTOCOL);
    if (full != null) {
      place.leave();
      refuse(live, pipe, full);
    } else if (live.adopted.isDone() && live.adopted.join()) {
      live.calls().accepted(pipe, rest, place::leave);
    } else {
      pipe.pause(true);
      var _ =
          live.adopted.whenComplete(
              (adopted, _) -> whenAdopted(Boolean.TRUE.equals(adopted), live, pipe, rest, place));
    }
  }

  /** Calls may overtake the greeting that makes the link count; they wait for it. */
  private static void whenAdopted(
      boolean adopted, Live live, EventPipe pipe, ByteBuffer rest, Place place) {
    try {
      pipe.turn()
          .execute(() -> {
            if (adopted) {
              live.calls().accepted(pipe, rest, place::leave);
              pipe.pause(false);
            } else {
              place.leave();
              pipe.reset(Kind.UNREACHABLE);
            }
          });
    } catch (RejectedExecutionException e) {
      place.leave(); // the node stops
    }
  }

  /** Serves a stream. Returns when it is done. */
  private void serve(
      Live live, Pipe pipe, StreamHeader header, int size, ByteBuffer rest, Place place) {
    var stream =
        FramedStream.accepted(
            pipe, live, header.protocol(), config.limits().maxFrame(), size, rest);
    try {
      serve(live, header, stream, place);
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
      place.leave();
      stream.close();
    }
  }

  private void serve(Live live, StreamHeader header, FramedStream stream, Place place)
      throws InterruptedException {
    if (!awaitAdoption(live)) {
      throw new Fault(TransportCode.CONNECTION_LOST, "the connection did not become the one");
    }
    var system = choose(header, where -> where instanceof Where.Everywhere);
    if (system.isEmpty() && !admits(live, header.realm())) {
      stream.refuse(
          TransportCode.REFUSED,
          "its realm was not proved on this connection, or you are shut out");
      return;
    }
    var chosen = system.isPresent() ? system : choose(header, where -> serves(where, header));
    if (chosen.isEmpty()) {
      stream.refuse(TransportCode.NO_PROTOCOL, header.protocol() + " is not spoken here");
      return;
    }
    var full = place.speak(chosen.get().getKey().protocol());
    if (full != null) {
      stream.refuse(TransportCode.BUSY, full.refuse(live.peer().brief()));
      return;
    }
    var protocol = chosen.get().getKey().protocol();
    stream.accept(protocol, header.isInBlocks(), compresses(protocol));
    stream.deadline(
        header.deadlineMillis() == 0 ? null : Duration.ofMillis(header.deadlineMillis()));
    chosen.get().getValue().serve(live, stream);
  }

  /** What one stream takes of the limits, until it leaves. */
  private final class Place {
    private final NodeId peer;
    private boolean entered;
    private Quotas.@Nullable Speaker speaker;

    Place(NodeId peer) {
      this.peer = peer;
    }

    /** Null if there is room, else what is full. */
    @Nullable Quota enter(Live live) {
      if (live.accepting() > quotas.streamRate.limit()) {
        return quotas.streamRate;
      }
      // One more: until its header is read, the stream of greetings looks like any other.
      if (!quotas.streams.tryTake(
          peer, 1, quotas.streams.limit() + (live.adopted.isDone() ? 0 : 1))) {
        return quotas.streams;
      }
      entered = true;
      return null;
    }

    /** The same, once it is known what the stream is for. */
    @Nullable Quota speak(ProtocolId protocol) {
      if (quotas.files.areScarce()) {
        return quotas.files.quota();
      }
      var wanted = new Quotas.Speaker(peer, protocol);
      if (!quotas.protocols.tryTake(wanted, 1)) {
        return quotas.protocols;
      }
      speaker = wanted;
      return null;
    }

    void leave() {
      if (entered) {
        entered = false;
        quotas.streams.give(peer, 1);
      }
      if (speaker != null) {
        quotas.protocols.give(speaker, 1);
        speaker = null;
      }
    }
  }

  /** Whether the peer proved the realm on this link and nothing has been said against it since. */
  boolean admits(Live live, String realm) {
    return live.realms.contains(realm) && admission.admits(live.peer());
  }

  static Fault notProved(NodeId node, ProtocolId protocol) {
    return new Fault(
        TransportCode.REFUSED,
        node.brief() + " has not proved the realm in which to speak " + protocol);
  }

  /** Whether this is the realm in which calls and most streams are served. */
  boolean isHome(String realm) {
    return realm.equals(admission.home());
  }

  private boolean serves(Where where, StreamHeader header) {
    return switch (where) {
      case Where.Everywhere() -> false;
      case Where.Home() -> isHome(header.realm());
      case Where.In(var realm) -> header.realm().equals(realm);
    };
  }

  /** The highest minor version of the same major. */
  private Optional<Map.Entry<Served, LinkHandler>> choose(
      StreamHeader header, Predicate<Where> here) {
    return handlers.entrySet().stream()
        .filter(entry -> entry.getKey().protocol.serves(header.protocol()))
        .filter(entry -> here.test(entry.getKey().where))
        .max(Comparator.comparingInt(entry -> entry.getKey().protocol.minor()));
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

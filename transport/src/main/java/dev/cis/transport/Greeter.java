package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.Signed;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Speaks {@code /cis/sys/identify/1.0}: makes a link count, keeps it alive, carries records. */
final class Greeter {
  private static final Logger LOG = LoggerFactory.getLogger(Greeter.class);

  private final TransportConfig config;
  private final Peers peers;
  private final PeerBook book;
  private final Supplier<Signed<PeerRecord>> own;
  private final RandomGenerator random;

  Greeter(
      TransportConfig config,
      Peers peers,
      PeerBook book,
      Supplier<Signed<PeerRecord>> own,
      RandomGenerator random) {
    this.config = config;
    this.peers = peers;
    this.book = book;
    this.own = own;
    this.random = random;
  }

  /** Raised when the peer has, or is about to have, another link with us. */
  static final class DuplicateLink extends Exception {
    DuplicateLink() {
      super("another link is there", null, false, false);
    }
  }

  /**
   * Greets on a link that we dialled and have claimed, and makes it count.
   *
   * @throws DuplicateLink if the peer prefers another link
   */
  void greet(Live live, long nonce, StreamHeader header)
      throws InterruptedException, DuplicateLink {
    var stream = FramedStream.opened(live.link.open(), live, header, config.limits().maxFrame());
    try {
      stream.deadline(config.dialling().handshakeTimeout());
      var begun = Deadline.in(config.dialling().handshakeTimeout());
      stream.send(
          Greeting.CODEC.encode(
              new Greeting(own.get(), live.link.remote().toString(), nonce, 0, "", "")));
      var answer = next(live, stream);
      if (answer == null) {
        throw new Fault(
            TransportCode.CONNECTION_LOST, live.peer().brief() + " closed without greeting");
      }
      if (answer.refusal().equals(Greeting.DUPLICATE)) {
        throw new DuplicateLink();
      }
      if (!answer.refusal().isEmpty()) {
        throw new Fault(
            TransportCode.ofText(answer.refusal(), TransportCode.REFUSED),
            live.peer().brief() + " refused: " + Wording.printable(answer.reason()));
      }
      live.measured(config.dialling().handshakeTimeout().minus(begun.remaining()));
      take(live, answer);
      live.control = stream;
      peers.confirm(live, answer.voids());
    } catch (Fault | DuplicateLink e) {
      stream.reset(Kind.UNREACHABLE);
      throw e;
    }
    stream.deadline(null);
    Thread.ofVirtual().name("greet-" + live.peer().brief()).start(() -> follow(live, stream));
    Thread.ofVirtual().name("alive-" + live.peer().brief()).start(() -> keepAlive(live, stream));
  }

  long nonce() {
    long nonce = random.nextLong();
    return nonce == 0 ? 1 : nonce;
  }

  /** Answers the greeting on a link that the peer dialled. Returns when the stream ends. */
  void answer(Live live, FramedStream stream) throws InterruptedException {
    if (live.link.outbound() || live.control != null) {
      throw new Fault(KernelCode.MALFORMED, "a second stream of greetings");
    }
    try {
      welcome(live, stream);
    } catch (Fault e) {
      live.link.close(e.kind().closeCode(), "greeting: " + e.getMessage());
      throw e;
    }
  }

  private void welcome(Live live, FramedStream stream) throws InterruptedException {
    stream.deadline(config.dialling().handshakeTimeout());
    var greeting = next(live, stream);
    if (greeting == null || greeting.nonce() == 0) {
      throw new Fault(KernelCode.MALFORMED, "no greeting");
    }
    take(live, greeting);
    live.control = stream;
    var verdict =
        peers.admit(live, greeting.nonce(), config.dialling().handshakeTimeout().toNanos());
    if (!verdict.accepted()) {
      live.control = null;
      stream.send(Greeting.CODEC.encode(Greeting.refused(verdict.refusal(), verdict.reason())));
      LOG.debug("event=link-refused peer={} why={}", live.peer().brief(), verdict.refusal());
      // The dialler closes the link when it reads this; if it does not, we do.
      stream.finish();
      next(live, stream);
      live.link.close(Kind.CONFLICT.closeCode(), verdict.reason());
      return;
    }
    stream.send(
        Greeting.CODEC.encode(
            new Greeting(own.get(), live.link.remote().toString(), 0, verdict.voids(), "", "")));
    book.suggest(live.peer(), live.link.remote(), "observed");
    stream.deadline(null);
    follow(live, stream);
  }

  /** Tells the peer our new record. */
  void update(Live live) {
    var control = live.control;
    if (control != null) {
      try {
        control.send(Greeting.CODEC.encode(Greeting.update(own.get())));
      } catch (Fault e) {
        LOG.debug("event=update-failed peer={} message={}", live.peer().brief(), e.getMessage());
      }
    }
  }

  private void follow(Live live, FramedStream stream) {
    try {
      while (true) {
        var greeting = next(live, stream);
        if (greeting == null) {
          live.link.close(Link.GOODBYE, "the stream of greetings ended");
          return;
        }
        take(live, greeting);
      }
    } catch (Fault e) {
      live.link.close(e.kind().closeCode(), "greeting: " + e.getMessage());
    }
  }

  private void keepAlive(Live live, FramedStream stream) {
    try {
      while (peers.live(live.peer()) == live) {
        if (!peers.awaitOther(live.peer(), live, config.liveness().keepAlive().toNanos())) {
          stream.send(Greeting.CODEC.encode(Greeting.KEEP_ALIVE));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Fault e) {
      LOG.debug("event=keepalive-failed peer={} message={}", live.peer().brief(), e.getMessage());
    }
  }

  private static @Nullable Greeting next(Live live, FramedStream stream) {
    byte[] bytes = stream.receive(Greeting.MAX_BYTES);
    if (bytes == null) {
      return null;
    }
    var greeting = Greeting.CODEC.decode(bytes);
    var record = greeting.record();
    if (record != null && !record.value().node().equals(live.peer())) {
      throw new Fault(
          TransportCode.WRONG_IDENTITY,
          live.peer().brief() + " sent the record of " + record.value().node().brief());
    }
    return greeting;
  }

  private void take(Live live, Greeting greeting) {
    if (greeting.record() != null) {
      boolean _ = book.add(greeting.record());
    }
    if (!greeting.observed().isEmpty()) {
      live.observed = Address.parse(greeting.observed());
    }
  }
}

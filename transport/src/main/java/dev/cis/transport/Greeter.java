package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Speaks {@code /cis/sys/identify/1.0}: lets both sides prove a realm, makes the link count, keeps
 * it alive, carries records. Until the proof neither side says more than a nonce and tags, and a
 * peer that proves nothing hears "refused".
 */
final class Greeter {
  private static final Logger LOG = LoggerFactory.getLogger(Greeter.class);
  private static final String REFUSED = "refused";

  private final NodeId self;
  private final TransportConfig config;
  private final Admission admission;
  private final Peers peers;
  private final PeerBook book;
  private final OwnRecord own;
  private final Random random;

  Greeter(
      NodeId self,
      TransportConfig config,
      Admission admission,
      Peers peers,
      PeerBook book,
      OwnRecord own,
      Random random) {
    this.self = self;
    this.config = config;
    this.admission = admission;
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
    Map<String, Admission.Secret> shared;
    var stream = open(live, header);
    try {
      stream.deadline(config.dialling().handshakeTimeout());
      var mine = RealmProof.nonce(random);
      var begun = Deadline.in(config.dialling().handshakeTimeout());
      stream.send(Introduction.CODEC.encode(new Introduction(mine, List.of())));
      var theirs = introduction(live, stream);
      live.measured(config.dialling().handshakeTimeout().minus(begun.remaining()));
      var proof = new RealmProof(self, live.peer(), mine, theirs.nonce());
      shared =
          proof.recognised(
              RealmProof.Role.ACCEPTOR,
              AnchorSecrets.asDialler(admission, live.peer()),
              theirs.tags());
      if (shared.isEmpty()) {
        live.link.close(Kind.DENIED.closeCode(), REFUSED);
        throw refused(live.peer());
      }
      var tags =
          shared.values().stream().map(one -> proof.tag(RealmProof.Role.DIALLER, one)).toList();
      stream.send(
          Greeting.CODEC.encode(
              new Greeting(own.of(shared.keySet()), observed(live), nonce, 0, "", "", tags)));
      var answer = next(live, stream);
      if (answer == null) {
        throw new Fault(
            TransportCode.CONNECTION_LOST, live.peer().brief() + " closed without greeting");
      }
      if (answer.refusal().equals(Greeting.DUPLICATE)) {
        throw new DuplicateLink();
      }
      if (!answer.refusal().isEmpty()) {
        var code = TransportCode.ofText(answer.refusal(), TransportCode.REFUSED);
        throw code == TransportCode.REFUSED
            ? refused(live.peer())
            : new Fault(
                code, live.peer().brief() + " refused: " + Wording.printable(answer.reason()));
      }
      take(live, answer);
      live.control = stream::send;
      live.realms = Set.copyOf(shared.keySet());
      admission.proved(live.peer(), shared.values());
      peers.confirm(live, answer.voids());
    } catch (Fault e) {
      stream.reset(Kind.UNREACHABLE);
      throw explained(live, e);
    } catch (DuplicateLink e) {
      stream.reset(Kind.UNREACHABLE);
      throw e;
    }
    stream.deadline(null);
    settle(live, shared.keySet());
    Thread.ofVirtual().name("greet-" + live.peer().brief()).start(() -> follow(live, stream));
    Thread.ofVirtual().name("alive-" + live.peer().brief()).start(() -> keepAlive(live, stream));
  }

  private FramedStream open(Live live, StreamHeader header) throws InterruptedException {
    try {
      return FramedStream.opened(live.link.open(), live, header, config.limits().maxFrame());
    } catch (Fault e) {
      throw explained(live, e);
    }
  }

  /** A peer that shuts us out by name closes the connection with no more than one word. */
  private static Fault explained(Live live, Fault fault) {
    return fault.code() == TransportCode.CONNECTION_LOST
            && String.valueOf(fault.getMessage()).endsWith(": " + REFUSED)
        ? refused(live.peer())
        : fault;
  }

  long nonce() {
    long nonce = random.nextLong();
    return nonce == 0 ? 1 : nonce;
  }

  /** Answers the greetings on a link that the peer dialled, in turn. */
  void welcome(Live live, EventPipe pipe, int size, ByteBuffer rest) {
    Welcome.begin(
        new Welcoming(),
        live,
        pipe,
        config.dialling().handshakeTimeout(),
        config.limits().maxFrame(),
        size,
        rest);
  }

  /** One accepted link. */
  private final class Welcoming implements Welcome.Host {
    private @Nullable RealmProof proof;
    private List<Admission.Secret> secrets = List.of();
    private Set<String> shared = Set.of();

    @Override
    public byte[] introduced(Live live, byte[] introduction) {
      var theirs = Introduction.CODEC.decode(introduction);
      var mine = RealmProof.nonce(random);
      var made = new RealmProof(live.peer(), self, theirs.nonce(), mine);
      proof = made;
      secrets = AnchorSecrets.asAcceptor(admission, live.peer());
      return Introduction.CODEC.encode(new Introduction(mine, made.shown(secrets, random)));
    }

    @Override
    public Welcome.Verdict greeted(Live live, byte[] bytes, Live.Control control)
        throws InterruptedException {
      // Nothing of a greeting is believed, and its signature not looked at, before its tags hold.
      var tags = Greeting.tags(bytes);
      var realms = Objects.requireNonNull(proof).recognised(RealmProof.Role.DIALLER, secrets, tags);
      if (realms.isEmpty() || realms.size() != tags.size()) {
        return refusal(live, TransportCode.REFUSED.text(), REFUSED, Kind.DENIED);
      }
      var greeting = Greeter.read(live, bytes);
      if (greeting.nonce() == 0) {
        throw new Fault(KernelCode.MALFORMED, "no greeting");
      }
      live.control = control;
      live.realms = Set.copyOf(realms.keySet());
      var verdict =
          peers.admit(live, greeting.nonce(), config.dialling().handshakeTimeout().toNanos());
      if (!verdict.accepted()) {
        live.control = null;
        return refusal(live, verdict.refusal(), verdict.reason(), Kind.CONFLICT);
      }
      take(live, greeting);
      shared = realms.keySet();
      admission.proved(live.peer(), realms.values());
      return new Welcome.Verdict(
          new Greeting(own.of(live.realms), observed(live), 0, verdict.voids(), "", "", List.of()),
          null,
          "");
    }

    @Override
    public void settled(Live live) {
      if (!observed(live).isEmpty()) {
        book.suggest(live.peer(), live.link.remote(), "observed");
      }
      settle(live, shared);
    }

    @Override
    public void heard(Live live, byte[] greeting) {
      take(live, Greeter.read(live, greeting));
    }
  }

  /** Where we see the peer; behind a relay that is nowhere. */
  private static String observed(Live live) {
    return live.link.path().equals(Link.RELAY) ? "" : live.link.remote().toString();
  }

  private static Welcome.Verdict refusal(Live live, String refusal, String reason, Kind kind) {
    LOG.debug("event=link-refused peer={} why={}", live.peer().brief(), refusal);
    return new Welcome.Verdict(Greeting.refused(refusal, reason), kind, reason);
  }

  private static Fault refused(NodeId peer) {
    return new Fault(
        TransportCode.REFUSED,
        peer.brief()
            + " "
            + PeerBook.REFUSED_US
            + ": it is in no realm of ours, or shuts us out; 'cis p2p join' takes an"
            + " invitation of its realm");
  }

  private static Introduction introduction(Live live, FramedStream stream) {
    byte[] bytes = stream.receive(Introduction.MAX_BYTES);
    if (bytes == null) {
      throw new Fault(
          TransportCode.CONNECTION_LOST, live.peer().brief() + " closed without a word");
    }
    return Introduction.CODEC.decode(bytes);
  }

  /** The link counts now: notes it, and looks again, for much may have changed meanwhile. */
  private void settle(Live live, Set<String> shared) {
    admission.up(live.peer(), shared);
    check(live);
  }

  /**
   * Takes away the realms in which the peer is not welcome any more, and the link with the last.
   */
  void check(Live live) {
    synchronized (live.link) {
      var realms = live.realms;
      if (realms.isEmpty()) {
        return; // nothing proved yet, or shut out already
      }
      var still =
          admission.admits(live.peer())
              ? Set.copyOf(admission.still(live.peer(), realms))
              : Set.<String>of();
      if (still.size() == realms.size()) {
        return;
      }
      live.realms = still;
      if (!still.isEmpty()) {
        return;
      }
    }
    LOG.info("event=peer-shut-out peer={}", live.peer().brief());
    live.link.close(Kind.DENIED.closeCode(), REFUSED);
    peers.ended(live, "shut out: revoked, denied, or of a realm that was left");
  }

  /** Tells the peer our new record. */
  void update(Live live) {
    var control = live.control;
    if (control != null) {
      try {
        control.send(Greeting.CODEC.encode(Greeting.update(own.of(live.realms))));
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
      peers.whileCurrent(
          live,
          config.liveness().keepAlive(),
          () -> stream.send(Greeting.CODEC.encode(Greeting.KEEP_ALIVE)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Fault e) {
      LOG.debug("event=keepalive-failed peer={} message={}", live.peer().brief(), e.getMessage());
    }
  }

  private static @Nullable Greeting next(Live live, FramedStream stream) {
    byte[] bytes = stream.receive(Greeting.MAX_BYTES);
    return bytes == null ? null : read(live, bytes);
  }

  private static Greeting read(Live live, byte[] bytes) {
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

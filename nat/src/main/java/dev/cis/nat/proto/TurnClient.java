package dev.cis.nat.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One allocation at a TURN server (RFC 8656): an address there from which datagrams go to peers and
 * at which theirs arrive. Over UDP or TCP to the server; UDP from there to the peers.
 *
 * <p>Long-term credentials (RFC 8489 section 9.2, MD5 keys): the first request is refused and tells
 * realm and nonce, later ones are signed; a stale nonce is replaced and the request repeated. A
 * peer is let in when something is first sent to it, and has a channel as soon as the server says
 * so; what is sent meanwhile goes in Send indications. Everything is renewed before it lapses, and
 * an indication every 15 seconds keeps the way to the server open through routers.
 */
public final class TurnClient implements Machine<TurnClient.Input, TurnClient.Output> {
  /** Most peers of an allocation: as many as can be asked about at once, in two questions each. */
  public static final int MOST_PEERS = 120;

  /** Most bytes of a datagram. */
  public static final int MAX_DATA = 60_000;

  private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);
  private static final int MOST_RETRIES = 3;
  private static final int MOST_CREDENTIALS = 512;
  private static final int STALE_NONCE = 438;
  // RFC 8489 section 6.2.2: over TCP nothing is repeated, and 39.5 s are waited for an answer.
  private static final StunTransactions.Schedule ONCE =
      new StunTransactions.Schedule(Duration.ofMillis(39_500), 1, 1);

  /**
   * With whom, and as whom.
   *
   * @param server its address
   * @param stream whether it is spoken to over TCP
   */
  public record Account(Endpoint server, boolean stream, String user, String password) {}

  /** What happens. */
  public sealed interface Input {}

  /** Ask for an address. */
  public record Open() implements Input {}

  /** A message of the server: a datagram, or a frame of the stream. */
  public record FromServer(Bytes message) implements Input {}

  /** A datagram for a peer. */
  public record ToPeer(Endpoint peer, Bytes datagram) implements Input {}

  /** Give the address back. */
  public record Close() implements Input {}

  /** What is to be done. */
  public sealed interface Output {}

  /** A message for the server. */
  public record ToServer(Bytes message) implements Output {}

  /**
   * The address is ours.
   *
   * @param relayed where peers reach us
   * @param mapped where the server sees us, if it says so
   */
  public record Allocated(Endpoint relayed, Optional<Endpoint> mapped) implements Output {}

  /** A datagram of a peer. */
  public record FromPeer(Endpoint peer, Bytes datagram) implements Output {}

  /** The server lets nothing through to that peer. */
  public record PeerRefused(Endpoint peer, String why) implements Output {}

  /**
   * The allocation is over; nothing comes after that.
   *
   * @param code the server's error code, 0 without one
   * @param why in words; empty if it was closed as wanted
   */
  public record Ended(int code, String why) implements Output {}

  private enum Phase {
    NEW,
    ALLOCATING,
    READY,
    CLOSING,
    ENDED
  }

  private record Question(int method, @Nullable TurnPeer peer, int tries) {}

  private record Credentials(Bytes realm, Bytes nonce, Bytes key) {}

  private final Account account;
  private final RandomGenerator random;
  private final StunTransactions transactions;
  private final Map<Long, Question> questions = new HashMap<>();
  private final Map<Endpoint, TurnPeer> peers = new LinkedHashMap<>();
  private final Map<Integer, TurnPeer> channels = new HashMap<>();
  private @Nullable Credentials credentials;
  private Phase phase = Phase.NEW;
  private int nextChannel = TurnMessage.FIRST_CHANNEL;
  private long nextId;
  private Duration refreshAt = NEVER;
  private Duration keepAliveAt = NEVER;
  private int family;

  /**
   * Prepares.
   *
   * @param random for transaction ids, from a secure source
   */
  public TurnClient(Account account, RandomGenerator random) {
    this.account = account;
    this.random = random;
    this.transactions =
        new StunTransactions(account.stream ? ONCE : StunTransactions.Schedule.PATIENT);
  }

  @Override
  public void on(Now now, Input input, Consumer<Output> out) {
    switch (input) {
      case Open() -> {
        if (phase == Phase.NEW) {
          phase = Phase.ALLOCATING;
          ask(now, new Question(TurnMessage.ALLOCATE, null, 0), out);
        }
      }
      case FromServer(var message) -> received(now, message, out);
      case ToPeer(var peer, var datagram) -> send(now, peer, datagram, out);
      case Close() -> close(now, out);
    }
  }

  private void close(Now now, Consumer<Output> out) {
    if (phase == Phase.READY) {
      phase = Phase.CLOSING;
      ask(now, new Question(TurnMessage.REFRESH, null, 0), out);
    } else if (phase != Phase.CLOSING) {
      end(0, "", out);
    }
  }

  private void end(int code, String why, Consumer<Output> out) {
    if (phase != Phase.ENDED) {
      phase = Phase.ENDED;
      out.accept(new Ended(code, why));
    }
  }

  private void ask(Now now, Question question, Consumer<Output> out) {
    long id = nextId++;
    questions.put(id, question);
    var transaction = new byte[StunMessage.TRANSACTION_BYTES];
    random.nextBytes(transaction);
    var known = credentials;
    var attributes = attributes(question, Bytes.of(transaction));
    if (known != null) {
      attributes.add(new StunMessage.Attribute(TurnMessage.USERNAME, Bytes.utf8(account.user)));
      attributes.add(new StunMessage.Attribute(TurnMessage.REALM, known.realm));
      attributes.add(new StunMessage.Attribute(TurnMessage.NONCE, known.nonce));
    }
    var message =
        new StunMessage(
            question.method, StunMessage.Kind.REQUEST, Bytes.of(transaction), attributes);
    byte[] encoded =
        known == null ? message.encode(false) : message.encodeSigned(known.key.toByteArray());
    transactions.on(
        now, StunTransactions.Ask.of(id, Bytes.of(encoded), account.server), effects(now, out));
  }

  private List<StunMessage.Attribute> attributes(Question question, Bytes transaction) {
    var attributes = new ArrayList<StunMessage.Attribute>();
    var peer = question.peer;
    if (question.method == TurnMessage.ALLOCATE) {
      attributes.add(TurnMessage.requestedUdp());
    } else if (question.method == TurnMessage.REFRESH) {
      int seconds = phase == Phase.CLOSING ? 0 : (int) TurnMessage.USUAL_LIFETIME;
      attributes.add(TurnMessage.number(TurnMessage.LIFETIME, seconds));
    } else if (question.method == TurnMessage.CHANNEL_BIND && peer != null) {
      attributes.add(TurnMessage.channel(peer.channel));
    }
    if (peer != null) {
      attributes.add(StunAddress.xored(TurnMessage.XOR_PEER_ADDRESS, peer.endpoint, transaction));
    }
    return attributes;
  }

  private Consumer<StunTransactions.Output> effects(Now now, Consumer<Output> out) {
    return effect -> {
      switch (effect) {
        case StunTransactions.Send(var message, _) -> toServer(now, message, out);
        case StunTransactions.Answered answer -> answered(now, answer, out);
        case StunTransactions.Silent(var id) -> {
          var question = questions.remove(id);
          if (question != null && question.peer != null) {
            refused(question.peer, "the TURN server does not answer", out);
          } else {
            end(0, phase == Phase.CLOSING ? "" : "the TURN server does not answer", out);
          }
        }
      }
    };
  }

  private void toServer(Now now, Bytes message, Consumer<Output> out) {
    keepAliveAt = now.uptime().plus(KEEP_ALIVE);
    out.accept(new ToServer(message));
  }

  private void received(Now now, Bytes message, Consumer<Output> out) {
    byte[] bytes = message.toByteArray();
    try {
      if (TurnMessage.isChannelData(bytes)) {
        var data = TurnMessage.ChannelData.decode(bytes);
        var peer = channels.get(data.channel());
        if (peer != null && phase == Phase.READY) {
          out.accept(new FromPeer(peer.endpoint, data.data()));
        }
        return;
      }
      var decoded = StunMessage.decodeLarge(bytes);
      if (decoded.kind() == StunMessage.Kind.INDICATION) {
        var data = decoded.attribute(TurnMessage.DATA_VALUE);
        if (decoded.method() == TurnMessage.DATA && phase == Phase.READY && data.isPresent()) {
          StunAddress.xored(decoded, TurnMessage.XOR_PEER_ADDRESS)
              .ifPresent(peer -> out.accept(new FromPeer(peer, data.get())));
        }
        return;
      }
    } catch (Fault e) {
      return; // over UDP anybody may pretend to be the server; over TCP frames have their length
    }
    transactions.on(now, new StunTransactions.Received(message, account.server), effects(now, out));
  }

  private void answered(Now now, StunTransactions.Answered answer, Consumer<Output> out) {
    var question = questions.remove(answer.id());
    if (question == null || phase == Phase.ENDED) {
      return;
    }
    var message = answer.message();
    if (message.kind() == StunMessage.Kind.ERROR) {
      failed(now, question, message, out);
      return;
    }
    var known = credentials;
    if (known != null
        && !StunMessage.isIntact(answer.datagram().toByteArray(), known.key.toByteArray())) {
      end(0, "an answer of the TURN server is not signed by who knows the password", out);
      return;
    }
    switch (question.method) {
      case TurnMessage.ALLOCATE -> allocated(now, message, out);
      case TurnMessage.REFRESH -> {
        if (phase == Phase.CLOSING) {
          end(0, "", out);
        } else {
          refreshAt = now.uptime().plus(TurnMessage.untilRefresh(message));
        }
      }
      case TurnMessage.CREATE_PERMISSION -> permitted(now, question.peer, out);
      default -> {
        if (question.peer != null) {
          question.peer.bound = true;
        }
      }
    }
  }

  private void allocated(Now now, StunMessage message, Consumer<Output> out) {
    var relayed = StunAddress.xored(message, TurnMessage.XOR_RELAYED_ADDRESS);
    if (relayed.isEmpty()) {
      end(0, "the TURN server names no address", out);
      return;
    }
    phase = Phase.READY;
    family = relayed.get().ip().size();
    refreshAt = now.uptime().plus(TurnMessage.untilRefresh(message));
    out.accept(new Allocated(relayed.get(), message.mapped()));
  }

  /** RFC 8489 section 9.2.5. */
  private void failed(Now now, Question question, StunMessage message, Consumer<Output> out) {
    int code = TurnMessage.errorCode(message);
    var realm = message.attribute(TurnMessage.REALM);
    var nonce = message.attribute(TurnMessage.NONCE);
    boolean first = code == TurnMessage.UNAUTHORIZED && credentials == null;
    if ((first || code == STALE_NONCE) && nonce.isPresent() && question.tries < MOST_RETRIES) {
      var known = credentials;
      var valid = realm.or(() -> Optional.ofNullable(known).map(Credentials::realm));
      // Larger ones, with the user, would not fit into a request; usual are 20 bytes.
      if (valid.isPresent() && valid.get().size() + nonce.get().size() <= MOST_CREDENTIALS) {
        byte[] key = TurnMessage.key(account.user, valid.get().utf8(), account.password);
        credentials = new Credentials(valid.get(), nonce.get(), Bytes.of(key));
        ask(now, new Question(question.method, question.peer, question.tries + 1), out);
        return;
      }
    }
    var why = "the TURN server answered " + code + " (" + TurnMessage.meaning(code) + ")";
    if (question.method == TurnMessage.CHANNEL_BIND && question.peer != null) {
      question.peer.bound = false; // Send indications do as well
    } else if (question.peer != null) {
      refused(question.peer, why, out);
    } else if (phase == Phase.CLOSING) {
      end(0, "", out);
    } else {
      end(code, why, out);
    }
  }

  private void refused(TurnPeer peer, String why, Consumer<Output> out) {
    if (peers.remove(peer.endpoint, peer)) { // it may have been let go, and come again
      channels.remove(peer.channel);
      out.accept(new PeerRefused(peer.endpoint, why));
    }
  }

  private void permitted(Now now, @Nullable TurnPeer peer, Consumer<Output> out) {
    if (peer == null) {
      return;
    }
    peer.permitted = true;
    while (!peer.waiting.isEmpty()) {
      forward(now, peer, peer.waiting.remove(), out);
    }
  }

  private void send(Now now, Endpoint to, Bytes datagram, Consumer<Output> out) {
    if (phase != Phase.READY || datagram.size() > MAX_DATA) {
      return; // as good as lost
    }
    if (to.ip().size() != family) {
      out.accept(new PeerRefused(to, "the TURN server's address is of the other family"));
      return;
    }
    var peer = peers.get(to);
    if (peer == null) {
      if (peers.size() >= MOST_PEERS) {
        out.accept(new PeerRefused(to, "more than " + MOST_PEERS + " peers at once"));
        return;
      }
      peer = new TurnPeer(to, channel(), now.uptime());
      peers.put(to, peer);
      channels.put(peer.channel, peer);
      peer.hold(datagram);
      introduce(now, peer, out);
      return;
    }
    peer.lastUsed = now.uptime();
    if (peer.permitted) {
      forward(now, peer, datagram, out);
    } else {
      peer.hold(datagram);
    }
  }

  /** A number is not used for another peer again: the server would refuse it for minutes. */
  private int channel() {
    return nextChannel > TurnMessage.LAST_CHANNEL ? 0 : nextChannel++;
  }

  private void introduce(Now now, TurnPeer peer, Consumer<Output> out) {
    ask(now, new Question(TurnMessage.CREATE_PERMISSION, peer, 0), out);
    if (peer.channel != 0) {
      ask(now, new Question(TurnMessage.CHANNEL_BIND, peer, 0), out);
    }
  }

  private void forward(Now now, TurnPeer peer, Bytes datagram, Consumer<Output> out) {
    if (peer.bound) {
      var data = new TurnMessage.ChannelData(peer.channel, datagram);
      toServer(now, Bytes.of(data.encode(account.stream)), out);
      return;
    }
    indicate(
        now,
        TurnMessage.SEND,
        transaction ->
            List.of(
                StunAddress.xored(TurnMessage.XOR_PEER_ADDRESS, peer.endpoint, transaction),
                new StunMessage.Attribute(TurnMessage.DATA_VALUE, datagram)),
        out);
  }

  private void indicate(
      Now now,
      int method,
      Function<Bytes, List<StunMessage.Attribute>> attributes,
      Consumer<Output> out) {
    var id = new byte[StunMessage.TRANSACTION_BYTES];
    random.nextBytes(id);
    var transaction = Bytes.of(id);
    var message =
        new StunMessage(
            method, StunMessage.Kind.INDICATION, transaction, attributes.apply(transaction));
    toServer(now, Bytes.of(message.encode(false)), out);
  }

  @Override
  public void tick(Now now, Consumer<Output> out) {
    transactions.tick(now, effects(now, out));
    if (phase != Phase.READY) {
      return;
    }
    if (refreshAt.compareTo(now.uptime()) <= 0) {
      refreshAt = NEVER; // until the answer
      ask(now, new Question(TurnMessage.REFRESH, null, 0), out);
    }
    for (var peer : List.copyOf(peers.values())) {
      if (!peer.isDue(now.uptime())) {
        continue;
      }
      peer.renewed(now.uptime());
      if (peer.isIdle(now.uptime())) {
        peers.remove(peer.endpoint);
        channels.remove(peer.channel);
      } else {
        introduce(now, peer, out);
      }
    }
    if (keepAliveAt.compareTo(now.uptime()) <= 0) {
      indicate(now, StunMessage.BINDING, _ -> List.of(), out);
    }
  }

  @Override
  public Duration wakeAt() {
    if (phase == Phase.ENDED) {
      return NEVER;
    }
    var first = transactions.wakeAt();
    if (phase == Phase.READY) {
      for (var other : List.of(refreshAt, keepAliveAt, TurnPeer.first(peers.values()))) {
        first = other.compareTo(first) < 0 ? other : first;
      }
    }
    return first;
  }
}

package dev.cis.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a peer without the key can do to the proof of a realm, on any network: nothing. */
public abstract class RealmAttacks {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final int MAX = 1 << 20;
  private static final String REALM = "0123456789abcdef0123456789abcdef";
  private static final Bytes KEY = Bytes.utf8("the key of the realm, 32 bytes !");
  private static final ProtocolId SECRET_PROTOCOL = ProtocolId.parse("/acme/hush/hush/1.0");

  private final SecureRandom random = new SecureRandom();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final ByteArrayOutputStream heard = new ByteArrayOutputStream();

  /** A node on the network under test. */
  protected abstract Swarm join(
      KeyPair key,
      TransportConfig config,
      PeerBook book,
      PeerDescription description,
      Admission admission);

  /** A place on it for one who speaks byte by byte. */
  protected abstract Network outsider(KeyPair key);

  @AfterEach
  void closeAll() throws Exception {
    for (var closeable : opened) {
      closeable.close();
    }
  }

  /** Admission by fixed secrets. */
  static class Holder implements Admission {
    private final List<Secret> secrets;

    Holder(Secret... secrets) {
      this.secrets = List.of(secrets);
    }

    @Override
    public String home() {
      return secrets.getFirst().realm();
    }

    @Override
    public boolean admits(NodeId node) {
      return true;
    }

    @Override
    public boolean admitsAuthor(NodeId author) {
      return true;
    }

    @Override
    public Strangers strangers() {
      return Strangers.REFUSED;
    }

    @Override
    public boolean usesAnchors() {
      return false;
    }

    @Override
    public List<Secret> secrets(NodeId peer) {
      return secrets;
    }

    @Override
    public void proved(NodeId peer, java.util.Collection<Secret> proved) {}

    @Override
    public void up(NodeId peer, Set<String> realms) {}

    @Override
    public Set<String> still(NodeId peer, Set<String> realms) {
      return realms;
    }

    @Override
    public Swarm.Registration watch(Runnable watcher) {
      return () -> {};
    }
  }

  private static Admission.Secret secret() {
    return new Admission.Secret(REALM, KEY);
  }

  private Swarm member() {
    return member(new Holder(secret()));
  }

  private Swarm member(Admission admission) {
    var swarm =
        join(
            KeyPair.generate(random),
            TransportConfig.DEFAULT,
            StoredPeerBook.inMemory(),
            new PeerDescription(
                "hush-name",
                new TreeMap<>(Map.of("hush-label", "hush-value")),
                List.of(),
                List.of(Address.parse("hush.example.org:7677"))),
            admission);
    opened.add(swarm);
    var _ = swarm.handle(SECRET_PROTOCOL, stream -> stream.send("hush".getBytes(UTF_8)));
    return swarm;
  }

  private Network network(KeyPair key) {
    var network = outsider(key);
    opened.add(network);
    return network;
  }

  /** Notes what the other side sends. */
  private Pipe noting(Pipe pipe) {
    return new Pipe() {
      @Override
      public void write(ByteBuffer bytes, boolean end, long nanos) throws InterruptedException {
        pipe.write(bytes, end, nanos);
      }

      @Override
      public int read(ByteBuffer into, long nanos) throws InterruptedException {
        int from = into.position();
        int size = pipe.read(into, nanos);
        if (size > 0) {
          byte[] bytes = new byte[size];
          into.slice(from, size).get(bytes);
          synchronized (heard) {
            heard.writeBytes(bytes);
          }
        }
        return size;
      }

      @Override
      public void stopReading(Kind why) {
        pipe.stopReading(why);
      }

      @Override
      public void reset(Kind why) {
        pipe.reset(why);
      }
    };
  }

  /** A link of the outsider's, with what it hears of it. */
  private final class Raw {
    final Link link;
    final Live live;
    final BlockingQueue<Pipe> accepted = new LinkedBlockingQueue<>();
    final CompletableFuture<String> ended = new CompletableFuture<>();

    Raw(Link link) {
      this.link = link;
      this.live = new Live(link);
      live.meter(new Traffic(Bandwidth.DEFAULT, System::nanoTime), new Counters());
      link.attend(
          new Link.Attendant() {
            @Override
            public void accepted(EventPipe pipe) {
              accepted.add(pipe.toPipe());
            }

            @Override
            public void ended(String reason) {
              synchronized (heard) {
                heard.writeBytes(reason.getBytes(UTF_8));
              }
              ended.complete(reason);
            }
          });
    }

    FramedStream open(ProtocolId protocol, String realm) throws InterruptedException {
      var header = new StreamHeader(protocol, realm, 0, 0, Bytes.of(new byte[16]));
      var stream = FramedStream.opened(noting(link.open()), live, header, MAX);
      stream.deadline(LONG);
      return stream;
    }

    FramedStream next() throws InterruptedException {
      var pipe = accepted.poll(20, TimeUnit.SECONDS);
      assertThat(pipe).isNotNull();
      var stream =
          FramedStream.accepted(
              noting(requireNonNull(pipe)),
              live,
              Greeting.PROTOCOL,
              MAX,
              0,
              ByteBuffer.allocate(0));
      stream.deadline(LONG);
      return stream;
    }
  }

  private Raw dial(Network from, Swarm to) throws InterruptedException {
    var at = to.localAddresses().getFirst();
    return new Raw(
        from.dial(new java.net.InetSocketAddress(at.host(), at.port()), to.self(), LONG));
  }

  private static Introduction introduced(FramedStream stream, Bytes nonce) {
    stream.send(Introduction.CODEC.encode(new Introduction(nonce, List.of())));
    byte[] bytes = stream.receive(Introduction.MAX_BYTES);
    assertThat(bytes).isNotNull();
    return Introduction.CODEC.decode(requireNonNull(bytes));
  }

  private static StreamHeader header(FramedStream stream) {
    return StreamHeader.CODEC.decode(requireNonNull(stream.receive(StreamHeader.MAX_BYTES)));
  }

  private static byte[] greeting(KeyPair key, List<Bytes> tags) {
    var record =
        new PeerRecord(
            key.nodeId(),
            1,
            List.of(),
            List.of(),
            "mallory",
            new TreeMap<>(),
            List.of(),
            List.of(),
            Instant.now().plusSeconds(3600));
    return Greeting.CODEC.encode(
        new Greeting(record.sign(key), "192.0.2.1:1", 77, 0, "", "", tags));
  }

  private static @Nullable Greeting answer(FramedStream stream) {
    byte[] bytes = stream.receive(Greeting.MAX_BYTES);
    return bytes == null ? null : Greeting.CODEC.decode(bytes);
  }

  private static void assertRefused(FramedStream stream, Swarm by, NodeId peer) {
    assertThat(answer(stream)).isEqualTo(Greeting.refused(TransportCode.REFUSED.text(), "refused"));
    assertThat(by.link(peer)).isEmpty();
    assertThat(by.book().find(peer)).as("nothing was stored").isEmpty();
  }

  private void assertNothingLearnt() {
    byte[] all;
    synchronized (heard) {
      all = heard.toByteArray();
    }
    var text = new String(all, java.nio.charset.StandardCharsets.ISO_8859_1);
    assertThat(text)
        .doesNotContainIgnoringCase("hush")
        .doesNotContain(REALM)
        .doesNotContain("/cis/sys/ping")
        .doesNotContain("/acme");
    assertThat(HexFormat.of().formatHex(all))
        .doesNotContain(REALM)
        .doesNotContain(HexFormat.of().formatHex(KEY.toByteArray()));
  }

  @Test
  void anOutsiderThatDialsLearnsNothing() throws Exception {
    var key = KeyPair.generate(random);
    var member = member();
    var raw = dial(network(key), member);
    // Streams that come before the proof wait for it in vain.
    var early = raw.open(SECRET_PROTOCOL, REALM);
    early.send(new byte[1]);
    var ping = raw.open(ProtocolId.parse("/cis/sys/ping/1.0"), "");
    ping.send(new byte[8]);
    var stream = raw.open(Greeting.PROTOCOL, "");
    var challenge = introduced(stream, RealmProof.nonce(random));
    assertThat(challenge.tags()).hasSize(RealmProof.PADDING);
    var noise = new ArrayList<Bytes>();
    for (int i = 0; i < Admission.MAX_SECRETS; i++) {
      noise.add(RealmProof.nonce(random));
    }
    stream.send(greeting(key, noise));
    assertRefused(stream, member, key.nodeId());
    stream.close();
    assertThat(raw.ended.get(20, TimeUnit.SECONDS)).contains("refused");
    assertThatThrownBy(() -> early.receive(MAX)).isInstanceOf(Fault.class);
    assertThatThrownBy(() -> ping.receive(MAX)).isInstanceOf(Fault.class);
    assertNothingLearnt();
  }

  @Test
  void anOutsiderThatIsDialledLearnsNothing() throws Exception {
    var key = KeyPair.generate(random);
    var network = network(key);
    var links = new LinkedBlockingQueue<Raw>();
    network.accept(link -> links.add(new Raw(link)));
    var member = member();
    var failure =
        CompletableFuture.supplyAsync(() -> {
          try {
            return member.connect(network.localAddresses().getFirst(), LONG);
          } catch (Fault e) {
            return e;
          }
        });
    var raw = requireNonNull(links.poll(20, TimeUnit.SECONDS));
    var stream = raw.next();
    assertThat(header(stream).protocol()).isEqualTo(Greeting.PROTOCOL);
    stream.accept(Greeting.PROTOCOL);
    var hello = Introduction.CODEC.decode(requireNonNull(stream.receive(Introduction.MAX_BYTES)));
    assertThat(hello.tags()).isEmpty();
    var noise = new ArrayList<Bytes>();
    for (int i = 0; i < RealmProof.PADDING; i++) {
      noise.add(RealmProof.nonce(random));
    }
    stream.send(Introduction.CODEC.encode(new Introduction(RealmProof.nonce(random), noise)));
    assertThat(raw.ended.get(20, TimeUnit.SECONDS)).contains("refused");
    assertThat(failure.get(20, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.REFUSED));
    assertThat(member.link(key.nodeId())).isEmpty();
    assertNothingLearnt();
  }

  @Test
  void aProofIsGoodForOneLinkOnly() throws Exception {
    var key = KeyPair.generate(random);
    var network = network(key);
    var member = member();
    var nonce = RealmProof.nonce(random);

    var first = dial(network, member);
    var stream = first.open(Greeting.PROTOCOL, "");
    var challenge = introduced(stream, nonce);
    var proof = new RealmProof(key.nodeId(), member.self(), nonce, challenge.nonce());
    byte[] recorded = greeting(key, List.of(proof.tag(RealmProof.Role.DIALLER, secret())));
    stream.send(recorded);
    var welcome = answer(stream);
    assertThat(requireNonNull(welcome).refusal()).isEmpty();
    assertThat(requireNonNull(welcome.record()).value().name()).isEqualTo("hush-name");
    first.link.close(Link.GOODBYE, "over");
    Await.until("gone", () -> member.link(key.nodeId()).isEmpty());

    var second = dial(network, member).open(Greeting.PROTOCOL, "");
    var _ = introduced(second, nonce);
    second.send(recorded);
    assertThat(answer(second)).isEqualTo(Greeting.refused(TransportCode.REFUSED.text(), "refused"));
    assertThat(member.link(key.nodeId())).isEmpty();
  }

  @Test
  void theAcceptorsOwnTagsProveNothingToIt() throws Exception {
    var key = KeyPair.generate(random);
    var member = member();
    var stream = dial(network(key), member).open(Greeting.PROTOCOL, "");
    var challenge = introduced(stream, RealmProof.nonce(random));
    stream.send(greeting(key, challenge.tags()));
    assertRefused(stream, member, key.nodeId());
  }

  @Test
  void aRightTagAmongWrongOnesIsRefused() throws Exception {
    var key = KeyPair.generate(random);
    var member = member();
    var stream = dial(network(key), member).open(Greeting.PROTOCOL, "");
    var nonce = RealmProof.nonce(random);
    var challenge = introduced(stream, nonce);
    var proof = new RealmProof(key.nodeId(), member.self(), nonce, challenge.nonce());
    stream.send(
        greeting(
            key, List.of(proof.tag(RealmProof.Role.DIALLER, secret()), RealmProof.nonce(random))));
    assertRefused(stream, member, key.nodeId());
  }

  /** Mallory sits between two members under its own identity and passes every byte on. */
  @Test
  void aRelayedProofConvincesNeitherSide() throws Exception {
    var key = KeyPair.generate(random);
    var network = network(key);
    var links = new LinkedBlockingQueue<Raw>();
    network.accept(link -> links.add(new Raw(link)));
    var alice = member();
    var bob = member();
    var failure =
        CompletableFuture.supplyAsync(() -> {
          try {
            return alice.connect(network.localAddresses().getFirst(), LONG);
          } catch (Fault e) {
            return e;
          }
        });
    var fromAlice = requireNonNull(links.poll(20, TimeUnit.SECONDS)).next();
    var _ = header(fromAlice);
    fromAlice.accept(Greeting.PROTOCOL);
    byte[] hello = requireNonNull(fromAlice.receive(Introduction.MAX_BYTES));
    var toBob = dial(network, bob).open(Greeting.PROTOCOL, "");
    toBob.send(hello);
    fromAlice.send(requireNonNull(toBob.receive(Introduction.MAX_BYTES)));
    assertThatThrownBy(
            () -> {
              byte[] more = fromAlice.receive(Greeting.MAX_BYTES);
              throw more == null
                  ? new Fault(TransportCode.CONNECTION_LOST, "ended")
                  : new AssertionError("Alice greeted Mallory");
            })
        .isInstanceOf(Fault.class);
    assertThat(failure.get(20, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(TransportCode.REFUSED));
    assertThat(alice.links()).isEmpty();
    assertThat(bob.links()).isEmpty();
  }

  @Test
  void aWrongKeyAndAnUnknownRealmAreRefusedAlike() {
    var member = member();
    for (var other :
        List.of(
            new Admission.Secret(REALM, Bytes.utf8("another key of it, also 32 bytes")),
            new Admission.Secret("fedcba9876543210fedcba9876543210", KEY),
            Admission.OPEN.secrets(member.self()).getFirst())) {
      var stranger = member(new Holder(other));
      for (var pair : List.of(List.of(member, stranger), List.of(stranger, member))) {
        assertThatThrownBy(
                () -> pair.getFirst().connect(pair.getLast().localAddresses().getFirst(), LONG))
            .isInstanceOfSatisfying(
                Fault.class,
                fault -> {
                  assertThat(fault.code()).isEqualTo(TransportCode.REFUSED);
                  assertThat(fault.getMessage()).contains("refused us");
                });
        assertThat(pair.getLast().book().find(pair.getFirst().self())).isEmpty();
      }
      assertThat(member.links()).isEmpty();
      assertThat(stranger.links()).isEmpty();
    }
  }

  @Test
  void aStreamIsServedOnlyInARealmThatItsLinkHasProved() throws Exception {
    var other = new Admission.Secret("fedcba9876543210fedcba9876543210", KEY);
    var host = member(new Holder(secret(), other));
    var hidden = ProtocolId.parse("/acme/hush/other/1.0");
    var _ = host.handle(other.realm(), hidden, stream -> stream.send("hush".getBytes(UTF_8)));
    var both = member(new Holder(other, secret()));
    var link = both.connect(host.localAddresses().getFirst(), LONG);
    assertThat(link.realms()).containsExactlyInAnyOrder(REALM, other.realm());
    try (var stream = both.open(host.self(), hidden, LONG)) {
      assertThat(stream.receive(100)).isEqualTo("hush".getBytes(UTF_8));
    }
    try (var stream = both.open(host.self(), REALM, SECRET_PROTOCOL, LONG)) {
      assertThat(stream.receive(100)).isEqualTo("hush".getBytes(UTF_8));
    }
    try (var stream = both.open(host.self(), other.realm(), SECRET_PROTOCOL, LONG)) {
      assertThatThrownBy(() -> stream.receive(100))
          .isInstanceOfSatisfying(
              Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.NO_PROTOCOL));
    }

    // Calls are answered in the home realm of the answerer only.
    var question = ProtocolId.parse("/acme/hush/ask/1.0");
    var _ = host.serve(question, call -> "hush".getBytes(UTF_8));
    assertThatThrownBy(() -> both.ask(host.self(), question, new byte[0], LONG))
        .isInstanceOfSatisfying(
            Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.NO_PROTOCOL));
    var alike = member(new Holder(secret(), other));
    var _ = alike.connect(host.localAddresses().getFirst(), LONG);
    assertThat(alike.ask(host.self(), question, new byte[0], LONG).payload().utf8())
        .isEqualTo("hush");

    // A member of one realm names the other one in its headers.
    var key = KeyPair.generate(random);
    var raw = dial(network(key), host);
    var stream = raw.open(Greeting.PROTOCOL, "");
    var nonce = RealmProof.nonce(random);
    var challenge = introduced(stream, nonce);
    var proof = new RealmProof(key.nodeId(), host.self(), nonce, challenge.nonce());
    stream.send(greeting(key, List.of(proof.tag(RealmProof.Role.DIALLER, secret()))));
    assertThat(requireNonNull(answer(stream)).refusal()).isEmpty();
    var forbidden = raw.open(hidden, other.realm());
    forbidden.send(new byte[1]);
    assertThatThrownBy(() -> forbidden.receive(100))
        .isInstanceOfSatisfying(
            Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.REFUSED));
  }
}

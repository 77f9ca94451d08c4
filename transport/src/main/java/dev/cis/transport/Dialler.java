package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes links with peers and with whoever is at an address, and greets. */
final class Dialler {
  private final NodeId self;
  private final TransportConfig config;
  private final Admission admission;
  private final Network network;
  private final Peers peers;
  private final PeerBook book;
  private final Greeter greeter;
  private final Consumer<Live> attend;
  private final List<AddressSource> sources = new CopyOnWriteArrayList<>();

  Dialler(
      NodeId self,
      TransportConfig config,
      Admission admission,
      Network network,
      Peers peers,
      PeerBook book,
      Greeter greeter,
      Consumer<Live> attend) {
    this.self = self;
    this.config = config;
    this.admission = admission;
    this.network = network;
    this.peers = peers;
    this.book = book;
    this.greeter = greeter;
    this.attend = attend;
  }

  void addSource(AddressSource source) {
    sources.add(source);
  }

  StreamHeader header(ProtocolId protocol, String realm, @Nullable Duration deadline) {
    var trace = new byte[StreamHeader.TRACE_BYTES];
    java.util.concurrent.ThreadLocalRandom.current().nextBytes(trace);
    long millis = deadline == null ? 0 : Math.clamp(deadline.toMillis(), 1, Integer.MAX_VALUE);
    return new StreamHeader(protocol, realm, 0, millis, dev.cis.kernel.wire.Bytes.of(trace));
  }

  /** Dials an address, whoever is there. */
  Live dial(Address address, Duration within) throws InterruptedException {
    var deadline = Deadline.in(within);
    while (true) {
      var found = attempt(address, null, deadline);
      if (found != null) {
        return found;
      }
      if (deadline.isOver()) {
        throw new Fault(TransportCode.DIAL_TIMEOUT, address + " did not answer within " + within);
      }
    }
  }

  /** Dials a peer by every way there is. */
  Live dial(NodeId node, Deadline deadline) throws InterruptedException {
    if (node.equals(self)) {
      throw new Fault(TransportCode.SELF_DIAL, node.brief() + " is this node itself");
    }
    checkAdmitted(node);
    return new Search(node, deadline, config.dialling(), peers, book, sources, this::attempt).run();
  }

  private void checkAdmitted(NodeId peer) {
    if (!admission.admits(peer)) {
      throw new Fault(
          TransportCode.NOT_ADMITTED,
          peer.brief() + " is shut out by access.deny or access.allow of this node");
    }
  }

  /**
   * Dials one address and greets; null when the peer has another link with us that is not here any
   * more either.
   */
  private @Nullable Live attempt(Address address, @Nullable NodeId expected, Deadline deadline)
      throws InterruptedException {
    Link link = null;
    try {
      link = dialAny(address, expected, deadline);
      var peer = link.peer();
      if (peer.equals(self)) {
        throw new Fault(TransportCode.SELF_DIAL, address + " is this node itself");
      }
      if (expected != null && !expected.equals(peer)) {
        throw new Fault(
            TransportCode.WRONG_IDENTITY,
            address + " is " + peer.brief() + ", not " + expected.brief());
      }
      checkAdmitted(peer);
      var live = greet(new Live(link));
      if (!address.isVirtual()) {
        book.suggest(peer, address, "dialled");
        book.succeeded(peer, address);
      }
      if (live != null && sameLink(live.link, link)) {
        link = null;
      }
      return live;
    } catch (Fault e) {
      if (expected != null && !address.isVirtual() && !Thread.currentThread().isInterrupted()) {
        book.failed(expected, address, e.getMessage() == null ? e.code().text() : e.getMessage());
      }
      throw e;
    } finally {
      if (link != null) {
        link.close(Link.GOODBYE, "not needed");
      }
    }
  }

  @SuppressWarnings("ReferenceEquality") // a link is itself and nothing else
  private static boolean sameLink(Link a, Link b) {
    return a == b;
  }

  private @Nullable Live greet(Live live) throws InterruptedException {
    long nonce = greeter.nonce();
    attend.accept(live);
    var other = peers.claim(live, nonce);
    if (other != null) {
      live.adopted.complete(false);
      return other;
    }
    try {
      greeter.greet(live, nonce, header(Greeting.PROTOCOL, "", null));
      return live;
    } catch (Greeter.DuplicateLink e) {
      live.adopted.complete(false);
      peers.abandon(live);
      return peers.live(live.peer());
    } finally {
      peers.abandon(live);
    }
  }

  /** Dials what the host name stands for, racing its addresses. */
  private Link dialAny(Address address, @Nullable NodeId expected, Deadline deadline)
      throws InterruptedException {
    InetAddress[] hosts;
    try {
      hosts = InetAddress.getAllByName(address.host());
    } catch (UnknownHostException e) {
      throw new Fault(
          TransportCode.DIAL_FAILED, "the name " + address.host() + " has no address", e);
    }
    return new Race(network, expected, deadline, config.dialling())
        .run(List.of(hosts), address.port());
  }
}

package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds a way to a peer: every address of the book, then what the sources know, each address begun
 * a moment after the one before (RFC 8305, "happy eyeballs").
 */
final class Dialler {
  private static final int MAX_ADDRESSES = 32;
  // Sources that cost others something are asked when every address has had this many turns of time
  // to answer.
  private static final int UNANSWERED = 2;
  private static final String BY_RELAY = "by relay";

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

  /** What a running dial hears of. */
  private sealed interface Event {
    record Linked(Live live) implements Event {}

    record Failed(Address address, Fault fault) implements Event {}

    record Found(List<Address> addresses, String source) implements Event {}

    record SourceDone() implements Event {}

    record Changed() implements Event {}
  }

  /** One dial of a peer by all its addresses. */
  private final class Search {
    final NodeId node;
    final Deadline deadline;
    final BlockingQueue<Event> events = new ArrayBlockingQueue<>(4 * MAX_ADDRESSES);
    final ArrayDeque<Address> candidates = new ArrayDeque<>();
    final Set<Address> seen = new HashSet<>();
    final Map<Address, Fault> failures = new LinkedHashMap<>();
    final List<Thread> threads = new ArrayList<>();
    int running;
    final Set<AddressSource> waiting = new LinkedHashSet<>(sources);
    final long begun;
    int asking;

    Search(NodeId node, Deadline deadline) {
      this.node = node;
      this.deadline = deadline;
      this.begun = deadline.left();
    }

    Live run() throws InterruptedException {
      Consumer<NodeId> watcher =
          peer -> {
            if (peer.equals(node)) {
              boolean _ = events.offer(new Event.Changed());
            }
          };
      peers.watch(watcher);
      try {
        book.find(node)
            .ifPresent(
                entry -> add(entry.addresses().stream().map(PeerBook.Known::address).toList()));
        return loop();
      } finally {
        peers.unwatch(watcher);
        threads.forEach(Thread::interrupt);
      }
    }

    private Live loop() throws InterruptedException {
      long nextStart = 0;
      while (true) {
        var live = peers.live(node);
        if (live != null) {
          return live;
        }
        if (deadline.isOver()) {
          throw failed(true);
        }
        if (running == 0 || nextStart <= 0) {
          startNext();
          nextStart = config.dialling().dialStagger().toNanos();
        }
        if (candidates.isEmpty() && (running == 0 || isSlow(UNANSWERED))) {
          ask(source -> true);
        } else if (isSlow(1)) {
          ask(AddressSource::isEager);
        }
        if (running == 0 && candidates.isEmpty() && asking == 0 && waiting.isEmpty()) {
          throw failed(false);
        }
        var before = deadline.left();
        var event = events.poll(Math.min(nextStart, before), TimeUnit.NANOSECONDS);
        nextStart -= before - deadline.left();
        if (event != null && take(event)) {
          nextStart = 0;
        }
        if (candidates.isEmpty() && nextStart <= 0) {
          nextStart = config.dialling().dialStagger().toNanos();
        }
      }
    }

    /** Whether so many addresses could have been begun since the search was. */
    private boolean isSlow(int staggers) {
      return begun - deadline.left() >= staggers * config.dialling().dialStagger().toNanos();
    }

    /** Whether the next address should be tried now. */
    private boolean take(Event event) {
      return switch (event) {
        case Event.Linked(var live) -> {
          running--;
          yield false;
        }
        case Event.Failed(var address, var fault) -> {
          running--;
          failures.put(address, fault);
          yield true;
        }
        case Event.Found(var addresses, var source) -> {
          addresses.stream()
              .filter(address -> !address.isVirtual())
              .forEach(address -> book.suggest(node, address, source));
          add(addresses);
          yield running == 0;
        }
        case Event.SourceDone() -> {
          asking--;
          yield false;
        }
        case Event.Changed() -> false;
      };
    }

    private void add(List<Address> addresses) {
      for (var address : addresses) {
        if (seen.size() < MAX_ADDRESSES && seen.add(address)) {
          if (address.isVirtual()) {
            // A relay is there already, and may be the only way: no address waits before it.
            candidates.addFirst(address);
          } else {
            candidates.addLast(address);
          }
        }
      }
    }

    private void startNext() {
      var address = candidates.poll();
      if (address == null) {
        return;
      }
      running++;
      spawn(
          "dial-" + address,
          () -> {
            try {
              var live = attempt(address, node, deadline);
              if (live == null) {
                events.put(
                    new Event.Failed(
                        address,
                        new Fault(TransportCode.CONNECTION_LOST, "the other link went away")));
              } else {
                events.put(new Event.Linked(live));
              }
            } catch (Fault e) {
              events.put(new Event.Failed(address, e));
            }
          });
    }

    private void ask(Predicate<AddressSource> which) {
      for (var source : List.copyOf(waiting)) {
        if (!which.test(source)) {
          continue;
        }
        waiting.remove(source);
        asking++;
        spawn(
            "ask-" + source.name(),
            () -> {
              try {
                var within = deadline.remaining();
                var cap = config.dialling().dialTimeout();
                var found = source.find(node, within.compareTo(cap) < 0 ? within : cap);
                events.put(
                    new Event.Found(found.stream().limit(MAX_ADDRESSES).toList(), source.name()));
              } catch (Fault e) {
                org.slf4j.LoggerFactory.getLogger(Dialler.class)
                    .debug(
                        "event=source-failed source={} message={}", source.name(), e.getMessage());
              } finally {
                boolean _ = events.offer(new Event.SourceDone());
              }
            });
      }
    }

    private void spawn(String name, Work work) {
      threads.add(
          Thread.ofVirtual()
              .name(name)
              .start(() -> {
                try {
                  work.run();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              }));
    }

    private Fault failed(boolean timeout) {
      if (seen.isEmpty()) {
        return new Fault(
            TransportCode.NO_ADDRESS,
            "no address of "
                + node.brief()
                + " is known"
                + (sources.isEmpty()
                    ? ""
                    : "; asked "
                        + String.join(", ", sources.stream().map(AddressSource::name).toList())));
      }
      var codes = new HashSet<>(failures.values().stream().map(Fault::code).toList());
      var text = new StringBuilder();
      failures.forEach((address, fault) ->
          text.append(text.isEmpty() ? "" : "; ")
              .append(name(address))
              .append(": ")
              .append(fault.getMessage()));
      if (timeout) {
        seen.stream()
            .filter(address -> !failures.containsKey(address))
            .forEach(address ->
                text.append(text.isEmpty() ? "" : "; ")
                    .append(name(address))
                    .append(": no answer yet"));
        return new Fault(
            TransportCode.DIAL_TIMEOUT, node.brief() + " did not answer in time: " + text);
      }
      // A peer that answered and refused us is not unreachable.
      if (codes.contains(TransportCode.REFUSED)) {
        return new Fault(TransportCode.REFUSED, "cannot connect to " + node.brief() + ": " + text);
      }
      // One reason for all addresses is worth saying by its own code.
      var code = codes.size() == 1 ? codes.iterator().next() : TransportCode.DIAL_FAILED;
      return new Fault(code, "cannot reach " + node.brief() + ": " + text);
    }
  }

  private static String name(Address address) {
    return address.isVirtual() ? BY_RELAY : address.toString();
  }

  private interface Work {
    void run() throws InterruptedException;
  }

  /** Dials a peer by every way there is. */
  Live dial(NodeId node, Deadline deadline) throws InterruptedException {
    if (node.equals(self)) {
      throw new Fault(TransportCode.SELF_DIAL, node.brief() + " is this node itself");
    }
    checkAdmitted(node);
    return new Search(node, deadline).run();
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

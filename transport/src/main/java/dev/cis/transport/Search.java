package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One dial of a peer by all its addresses: those of the book, then what the sources know, each
 * begun a moment after the one before (RFC 8305, "happy eyeballs"). What a relay offers does not
 * wait its turn: the relay is there already, and may be the only way.
 */
final class Search {
  private static final int MAX_ADDRESSES = 32;
  // Sources that cost others something are asked when every address has had this many turns of time
  // to answer.
  private static final int UNANSWERED = 2;
  // RFC 8305 section 3, "resolution delay": a neighbour answers sooner, and then no relay is asked.
  private static final Duration HEAD_START = Duration.ofMillis(50);
  private static final String BY_RELAY = "by relay";
  private static final Logger LOG = LoggerFactory.getLogger(Search.class);

  private final NodeId node;
  private final Deadline deadline;
  private final Dialling config;
  private final Peers peers;
  private final PeerBook book;
  private final Attempt attempt;
  private final BlockingQueue<Event> events = new ArrayBlockingQueue<>(4 * MAX_ADDRESSES);
  private final ArrayDeque<Address> candidates = new ArrayDeque<>();
  private final Set<Address> seen = new HashSet<>();
  private final Map<Address, Fault> failures = new LinkedHashMap<>();
  private final List<Thread> threads = new ArrayList<>();
  private final List<AddressSource> sources;
  private final Set<AddressSource> waiting;
  private final long begun;
  private int running;
  private int asking;

  /** Dials one address and greets. */
  @FunctionalInterface
  interface Attempt {
    /** Null when the peer had another link with us that is not here any more either. */
    @Nullable Live dial(Address address, NodeId expected, Deadline deadline)
        throws InterruptedException;
  }

  /** What a running dial hears of. */
  private sealed interface Event {
    record Linked() implements Event {}

    record Failed(Address address, Fault fault) implements Event {}

    record Found(List<Address> addresses, String source) implements Event {}

    record SourceDone() implements Event {}

    record Changed() implements Event {}
  }

  private interface Work {
    void run() throws InterruptedException;
  }

  Search(
      NodeId node,
      Deadline deadline,
      Dialling config,
      Peers peers,
      PeerBook book,
      Collection<AddressSource> sources,
      Attempt attempt) {
    this.node = node;
    this.deadline = deadline;
    this.config = config;
    this.peers = peers;
    this.book = book;
    this.sources = List.copyOf(sources);
    this.waiting = new LinkedHashSet<>(this.sources);
    this.attempt = attempt;
    this.begun = deadline.left();
  }

  /**
   * The first link with the peer, whoever made it.
   *
   * @throws Fault saying of each address why not
   */
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
        nextStart = stagger();
      }
      ask();
      if (running == 0 && candidates.isEmpty() && asking == 0 && waiting.isEmpty()) {
        throw failed(false);
      }
      var before = deadline.left();
      var event =
          events.poll(Math.min(Math.min(nextStart, untilAsking()), before), TimeUnit.NANOSECONDS);
      nextStart -= before - deadline.left();
      if (event != null && take(event)) {
        nextStart = 0;
      }
      if (candidates.isEmpty() && nextStart <= 0) {
        nextStart = stagger();
      }
    }
  }

  private long stagger() {
    return config.dialStagger().toNanos();
  }

  private long elapsed() {
    return begun - deadline.left();
  }

  /** Asks the sources whose time has come, and all of them when nothing else is left to do. */
  private void ask() {
    boolean idle = running == 0 && candidates.isEmpty();
    for (var source : List.copyOf(waiting)) {
      if (idle || untilAsking(source) <= 0) {
        ask(source);
      }
    }
  }

  /** How long until a source has to be asked. */
  private long untilAsking() {
    return waiting.stream().mapToLong(this::untilAsking).min().orElse(Long.MAX_VALUE);
  }

  private long untilAsking(AddressSource source) {
    return switch (source.haste(node)) {
      case FIRST -> HEAD_START.toNanos() - elapsed();
      case BESIDE -> stagger() - elapsed();
      // Not before every known address has been begun; that of the last one wakes us.
      case LAST -> candidates.isEmpty() ? UNANSWERED * stagger() - elapsed() : Long.MAX_VALUE;
    };
  }

  /** Whether the next address should be tried now. */
  private boolean take(Event event) {
    return switch (event) {
      case Event.Linked() -> {
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
        yield running == 0 || addresses.stream().anyMatch(Address::isVirtual);
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
            var live = attempt.dial(address, node, deadline);
            events.put(
                live == null
                    ? new Event.Failed(
                        address,
                        new Fault(TransportCode.CONNECTION_LOST, "the other link went away"))
                    : new Event.Linked());
          } catch (Fault e) {
            events.put(new Event.Failed(address, e));
          }
        });
  }

  private void ask(AddressSource source) {
    waiting.remove(source);
    asking++;
    spawn(
        "ask-" + source.name(),
        () -> {
          try {
            var within = deadline.remaining();
            var cap = config.dialTimeout();
            var found = source.find(node, within.compareTo(cap) < 0 ? within : cap);
            events.put(
                new Event.Found(found.stream().limit(MAX_ADDRESSES).toList(), source.name()));
          } catch (Fault e) {
            LOG.debug("event=source-failed source={} message={}", source.name(), e.getMessage());
          } finally {
            boolean _ = events.offer(new Event.SourceDone());
          }
        });
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

  private static String name(Address address) {
    return address.isVirtual() ? BY_RELAY : address.toString();
  }
}

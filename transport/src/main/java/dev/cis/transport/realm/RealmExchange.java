package dev.cis.transport.realm;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.Admission;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Speaks {@code /cis/sys/realm/1.0}: members tell each other the newest documents of the realms
 * that their link has proved, when the link comes up and whenever one changes. The opener says what
 * it knows, the acceptor answers with what the opener lacks and what it knows itself, and the
 * opener sends the rest.
 */
public final class RealmExchange implements AutoCloseable {
  static final ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/realm/1.0");

  private static final Logger LOG = LoggerFactory.getLogger(RealmExchange.class);
  private static final Duration WITHIN = Duration.ofSeconds(20);
  private static final Duration AGAIN = Duration.ofSeconds(5);
  private static final int AT_ONCE = 16;
  private static final int MAX_TOLD = 16_384;

  private final Swarm swarm;
  private final Realms realms;
  // What each peer was told last, of those with a link and of some that had one.
  private final Map<NodeId, List<RealmNews.State>> told =
      Collections.synchronizedMap(
          new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<NodeId, List<RealmNews.State>> eldest) {
              return size() > MAX_TOLD;
            }
          });
  private final Semaphore asked = new Semaphore(0);
  private final Semaphore running = new Semaphore(AT_ONCE);
  private final List<Swarm.Registration> registrations;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  private RealmExchange(Swarm swarm, Realms realms) {
    this.swarm = swarm;
    this.realms = realms;
    this.thread = Thread.ofVirtual().name("realms-" + swarm.self().brief()).unstarted(this::run);
    this.registrations =
        List.of(
            swarm.handleSystem(PROTOCOL, this::serve),
            realms.greet(this::met),
            realms.watch(asked::release));
  }

  /** Begins to exchange documents. The swarm's admission must be these realms. */
  public static RealmExchange start(Swarm swarm, Realms realms) {
    var exchange = new RealmExchange(swarm, realms);
    exchange.thread.start();
    exchange.asked.release();
    return exchange;
  }

  /** A link came up: the smaller node speaks first, and whoever has something to ask for. */
  private void met(NodeId peer, Set<String> shared) {
    if (shared.stream().noneMatch(RealmExchange::hasDocument)) {
      return; // there is nothing to tell strangers, and an anchor has ten thousand of them
    }
    boolean first = swarm.self().compareTo(peer) < 0;
    if (first || shared.stream().anyMatch(realm -> realms.claim(realm, peer).isPresent())) {
      told.remove(peer);
    } else {
      // It tells us, or has done so: then what we answered counts, for more may have changed since.
      told.putIfAbsent(peer, states(peer, shared));
    }
    asked.release();
  }

  private static boolean hasDocument(String realm) {
    return !realm.isEmpty() && !realm.equals(Admission.ANCHOR_REALM);
  }

  private List<RealmNews.State> states(NodeId peer, Set<String> shared) {
    return shared.stream()
        .filter(RealmExchange::hasDocument)
        .sorted()
        .map(realm -> RealmNews.State.of(realm, realms.documentFor(peer, realm)))
        .toList();
  }

  private void run() {
    try {
      while (true) {
        asked.acquire();
        var _ = asked.drainPermits(); // much that came together is one occasion
        for (var link : swarm.links()) {
          var states = states(link.peer(), link.realms());
          if (!states.isEmpty() && !states.equals(told.put(link.peer(), states))) {
            running.acquire();
            Thread.ofVirtual()
                .name("realm-news-" + link.peer().brief())
                .start(() -> {
                  if (tell(link.peer())) {
                    tellAgain(link.peer());
                  }
                });
          }
        }
        flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void flush() {
    try {
      realms.flush();
    } catch (Fault e) {
      LOG.warn("event=realms-not-written reason=\"{}\"", e.getMessage());
    }
  }

  /** Says what we know and hears what the peer does; whether that is to be tried again. */
  private boolean tell(NodeId peer) {
    try (var stream = swarm.openSystem(peer, PROTOCOL, WITHIN)) {
      var shared = stream.realms();
      var claims = new ArrayList<Signed<Grant>>();
      shared.forEach(realm -> realms.claim(realm, peer).ifPresent(claims::add));
      var states = states(peer, shared);
      stream.send(RealmNews.CODEC.encode(new RealmNews(states, List.of(), claims)));
      byte[] answer = stream.receive(RealmNews.MAX_BYTES);
      if (answer != null) {
        var news = RealmNews.CODEC.decode(answer);
        adopt(peer, stream.realms(), news);
        var lacking = lacking(peer, stream.realms(), news.states());
        if (!lacking.isEmpty()) {
          stream.send(RealmNews.CODEC.encode(new RealmNews(List.of(), lacking, List.of())));
        }
        stream.finish();
        var _ = stream.receive(RealmNews.MAX_BYTES);
      }
    } catch (Fault e) {
      told.remove(peer);
      LOG.debug("event=realm-news-failed peer={} reason=\"{}\"", peer.brief(), e.getMessage());
      return e.code() != TransportCode.NO_PROTOCOL;
    } finally {
      running.release();
    }
    return false;
  }

  /** Has the peer told later on, if it is still there and nothing else does that. */
  private void tellAgain(NodeId peer) {
    try {
      if (swarm.link(peer).isPresent() && !closed.await(AGAIN.toMillis(), TimeUnit.MILLISECONDS)) {
        asked.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(Stream stream) {
    stream.deadline(WITHIN);
    byte[] bytes;
    while ((bytes = stream.receive(RealmNews.MAX_BYTES)) != null) {
      var news = RealmNews.CODEC.decode(bytes);
      adopt(stream.peer(), stream.realms(), news);
      for (var claim : news.claims()) {
        if (stream.realms().contains(claim.value().realm())) {
          boolean done = realms.appoint(stream.peer(), claim);
          LOG.info("event=realm-admin-claimed peer={} appointed={}", stream.peer(), done);
        }
      }
      if (!news.states().isEmpty()) {
        // Asked again each time: the peer may have been shut out meanwhile.
        var known = states(stream.peer(), stream.realms());
        var lacking = lacking(stream.peer(), stream.realms(), news.states());
        stream.send(RealmNews.CODEC.encode(new RealmNews(known, lacking, List.of())));
        told.put(stream.peer(), known);
        asked.release();
      }
    }
  }

  /** Only about realms that were proved on the link: others are none of the peer's business. */
  private void adopt(NodeId from, Set<String> shared, RealmNews news) {
    for (var document : news.documents()) {
      if (shared.contains(document.value().realm()) && realms.adopt(document)) {
        LOG.info(
            "event=realm-document-adopted realm={} sequence={} from={}",
            document.value().realm(),
            document.value().sequence(),
            from.brief());
      }
    }
  }

  private List<Signed<RealmDocument>> lacking(
      NodeId peer, Set<String> shared, List<RealmNews.State> theirs) {
    var lacking = new ArrayList<Signed<RealmDocument>>();
    for (var state : theirs) {
      if (shared.contains(state.realm())) {
        var document = realms.documentFor(peer, state.realm());
        if (document.isPresent() && state.lacks(RealmNews.State.of(state.realm(), document))) {
          lacking.add(document.get());
        }
      }
    }
    return lacking;
  }

  @Override
  public void close() {
    closed.countDown();
    registrations.forEach(Swarm.Registration::close);
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    flush();
  }
}

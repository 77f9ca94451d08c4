package dev.cis.transport.realm;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.Admission;
import dev.cis.transport.PeerLink;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
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
  private static final int AT_ONCE = 16;

  private final Swarm swarm;
  private final Realms realms;
  private final Map<NodeId, List<RealmNews.State>> told = new ConcurrentHashMap<>();
  private final Semaphore asked = new Semaphore(0);
  private final Semaphore running = new Semaphore(AT_ONCE);
  private final List<Swarm.Registration> registrations;
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
    told.remove(peer);
    boolean first = swarm.self().compareTo(peer) < 0;
    if (!first && shared.stream().allMatch(realm -> realms.claim(realm, peer).isEmpty())) {
      told.put(peer, states(shared)); // it tells us
    }
    asked.release();
  }

  private List<RealmNews.State> states(Set<String> shared) {
    return shared.stream()
        .filter(realm -> !realm.isEmpty() && !realm.equals(Admission.ANCHOR_REALM))
        .sorted()
        .map(realm -> RealmNews.State.of(realm, realms.document(realm)))
        .toList();
  }

  private void run() {
    try {
      while (true) {
        asked.acquire();
        var _ = asked.drainPermits(); // much that came together is one occasion
        var links = swarm.links();
        told.keySet().retainAll(links.stream().map(PeerLink::peer).toList());
        for (var link : links) {
          var states = states(link.realms());
          if (!states.isEmpty() && !states.equals(told.put(link.peer(), states))) {
            running.acquire();
            Thread.ofVirtual()
                .name("realm-news-" + link.peer().brief())
                .start(() -> tell(link.peer()));
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

  private void tell(NodeId peer) {
    try (var stream = swarm.openSystem(peer, PROTOCOL, WITHIN)) {
      var shared = stream.realms();
      var claims = new ArrayList<Signed<Grant>>();
      shared.forEach(realm -> realms.claim(realm, peer).ifPresent(claims::add));
      var states = states(shared);
      stream.send(RealmNews.CODEC.encode(new RealmNews(states, List.of(), claims)));
      byte[] answer = stream.receive(RealmNews.MAX_BYTES);
      if (answer != null) {
        var news = RealmNews.CODEC.decode(answer);
        adopt(peer, stream.realms(), news);
        var lacking = lacking(stream.realms(), news.states());
        if (!lacking.isEmpty()) {
          stream.send(RealmNews.CODEC.encode(new RealmNews(List.of(), lacking, List.of())));
        }
        stream.finish();
        var _ = stream.receive(RealmNews.MAX_BYTES);
      }
    } catch (Fault e) {
      told.remove(peer); // a later occasion tries again
      LOG.debug("event=realm-news-failed peer={} reason=\"{}\"", peer.brief(), e.getMessage());
    } finally {
      running.release();
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
        var known = states(stream.realms());
        var lacking = lacking(stream.realms(), news.states());
        stream.send(RealmNews.CODEC.encode(new RealmNews(known, lacking, List.of())));
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

  private List<Signed<RealmDocument>> lacking(Set<String> shared, List<RealmNews.State> theirs) {
    var lacking = new ArrayList<Signed<RealmDocument>>();
    for (var state : theirs) {
      if (shared.contains(state.realm())) {
        var document = realms.document(state.realm());
        if (document.isPresent() && state.lacks(RealmNews.State.of(state.realm(), document))) {
          lacking.add(document.get());
        }
      }
    }
    return lacking;
  }

  @Override
  public void close() {
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

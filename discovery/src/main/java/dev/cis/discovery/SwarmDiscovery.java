package dev.cis.discovery;

import dev.cis.discovery.proto.Candidate;
import dev.cis.discovery.proto.Scheduler;
import dev.cis.discovery.proto.SchedulerInput;
import dev.cis.discovery.proto.SchedulerOutput;
import dev.cis.discovery.proto.Source;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.transport.Address;
import dev.cis.transport.PeerBook;
import dev.cis.transport.PeerLink;
import dev.cis.transport.PeerLocator;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.Swarm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the scheduler on a swarm and feeds it from every source. */
final class SwarmDiscovery implements Discovery, Swarm.PeerListener, LanSightings.Ear {
  private static final Logger LOG = LoggerFactory.getLogger(SwarmDiscovery.class);
  private static final int MAILBOX = 8_192;
  private static final int MAX_REMEMBERED = 64;

  private final Swarm swarm;
  private final DiscoveryConfig config;
  private final Supplier<Now> clock;
  private final Sightings sightings = new Sightings();
  private final Map<String, PeerLocator> bootstrap = new HashMap<>();
  private final EventLog events;
  private final Attempts attempts;
  private final AnchorWatch anchors;
  private final Visits visits;
  private final List<Swarm.Registration> listening = new ArrayList<>();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private @Nullable Loop<SchedulerInput, SchedulerOutput> loop;
  private volatile @Nullable Lan lan;
  private volatile Online online;
  private volatile @Nullable Event lastSearch;

  SwarmDiscovery(Swarm swarm, DiscoveryConfig config, Supplier<Now> clock) {
    this.swarm = swarm;
    this.config = config;
    this.clock = clock;
    config.bootstrap().forEach(entry -> bootstrap.put(entry.toString(), entry));
    this.events = new EventLog(clock);
    this.attempts = new Attempts(swarm, config, bootstrap, sightings, clock, this::tell);
    this.anchors = new AnchorWatch(swarm, events, this::tell);
    this.visits = new Visits(this::met);
    this.online = new Online(false, "nobody was connected since the start", clock.get().wall());
  }

  @Override
  public synchronized void start() {
    if (loop != null || stopped.getCount() == 0) {
      return;
    }
    var scheduler = new Scheduler(config.limits(), new SplittableRandom());
    loop = new Loop<>("discovery", scheduler, MAILBOX, clock, this::carryOut);
    listening.add(swarm.listen(this));
    listening.add(anchors.start());
    bootstrap.forEach((key, entry) -> {
      var candidate = new Candidate(key, Source.BOOTSTRAP);
      sightings.seen(candidate, entry.node(), entry.alias(), List.of(entry.address()), null);
      tell(new SchedulerInput.Found(candidate));
    });
    remember();
    if (config.mdns()) {
      lan = new Lan(swarm.self(), swarm.boundAddresses(), config, this);
    }
    Thread.ofVirtual().name("discovery-rescan").start(this::rescan);
  }

  private void carryOut(SchedulerOutput output) {
    switch (output) {
      case SchedulerOutput.Dial dial -> attempts.begin(dial);
      case SchedulerOutput.Search(var reason) -> {
        lastSearch = events.add("search", null, reason);
        visits.all();
      }
      case SchedulerOutput.Online(var now, var reason) -> {
        online = new Online(now, reason, clock.get().wall());
        var _ = events.add(now ? "online" : "offline", null, reason);
      }
    }
  }

  @Override
  public void addMeetingPlace(MeetingPlace place) {
    visits.add(place);
  }

  @Override
  public void trigger(String reason) {
    LOG.info("event=discovery-triggered reason=\"{}\"", reason);
    tell(new SchedulerInput.Triggered(reason));
  }

  @Override
  public List<Found> found() {
    return sightings.all();
  }

  @Override
  public Online online() {
    return online;
  }

  @Override
  public Look look() {
    var all = found();
    var sources = Arrays.stream(Source.values()).map(source -> look(source.text(), all)).toList();
    var announcing = lan;
    var search = lastSearch;
    return new Look(
        online,
        sources,
        config.limits().minPeers(),
        search == null ? null : search.at(),
        search == null ? "" : search.reason(),
        announcing == null ? 0 : announcing.size(),
        anchors.linked());
  }

  private SourceLook look(String source, List<Found> all) {
    var known = all.stream().filter(found -> found.source().equals(source)).toList();
    long connected =
        known.stream()
            .map(Found::node)
            .filter(node -> node != null && swarm.link(node).isPresent())
            .count();
    long failed = known.stream().filter(found -> found.failure() != null).count();
    return new SourceLook(source, known.size(), (int) connected, (int) failed);
  }

  @Override
  public List<Event> events() {
    return events.all();
  }

  @Override
  public Swarm.Registration watch(Consumer<Event> watcher, boolean follow) {
    return events.watch(watcher, follow);
  }

  @Override
  public void close() {
    stopped.countDown();
    Loop<SchedulerInput, SchedulerOutput> running;
    synchronized (this) {
      running = loop;
      listening.forEach(Swarm.Registration::close);
    }
    var announcing = lan;
    if (announcing != null) {
      announcing.close();
    }
    if (running != null) {
      running.close();
    }
  }

  @Override
  public void up(PeerLink link) {
    var how = link.outbound() ? "we dialled " : "it dialled from ";
    var _ = events.add("peer-up", link.peer(), how + link.remote());
    tell(new SchedulerInput.Connected(link.peer()));
  }

  @Override
  public void down(NodeId node, String reason) {
    var _ = events.add("peer-down", node, reason);
    tell(new SchedulerInput.Disconnected(node, reason));
  }

  @Override
  public void resolved(NodeId node, List<Address> addresses) {
    var candidate = new Candidate(node.toString(), Source.MDNS);
    if (!sightings.knows(candidate)) {
      var _ = events.add("lan-up", node, "announced at " + addresses.getFirst());
    }
    suggest(candidate, node, addresses);
  }

  @Override
  public void gone(NodeId node) {
    var candidate = new Candidate(node.toString(), Source.MDNS);
    var _ = events.add("lan-down", node, "announced no more");
    sightings.gone(candidate);
    tell(new SchedulerInput.Lost(candidate));
  }

  private void met(Signed<PeerRecord> record) {
    var node = record.value().node();
    if (!node.equals(swarm.self())) {
      var candidate = new Candidate(node.toString(), Source.RENDEZVOUS);
      suggest(candidate, node, record.value().addresses());
    }
  }

  /** Only a suggestion: whoever answers there must prove to be this node. */
  private void suggest(Candidate candidate, NodeId node, List<Address> addresses) {
    var source = candidate.source().text();
    addresses.forEach(address -> swarm.book().suggest(node, address, source));
    var name = swarm.book().find(node).map(PeerBook.Entry::displayName).orElse("");
    sightings.seen(candidate, node, name, addresses, clock.get().wall());
    tell(new SchedulerInput.Found(candidate));
  }

  private void tell(SchedulerInput input) {
    Loop<SchedulerInput, SchedulerOutput> running;
    synchronized (this) {
      running = loop;
    }
    if (running != null && !running.offer(input) && stopped.getCount() > 0) {
      LOG.warn("event=discovery-overflow input={}", input);
    }
  }

  /** Peers of the last run: dialled when there are too few. */
  private void remember() {
    swarm.book().entries().stream()
        .filter(entry -> !entry.manual())
        .filter(entry -> entry.addresses().stream().anyMatch(a -> a.lastSuccess() != null))
        .limit(MAX_REMEMBERED)
        .forEach(entry -> {
          var candidate = new Candidate(entry.node().toString(), Source.REMEMBERED);
          sightings.sight(candidate, entry);
          tell(new SchedulerInput.Found(candidate));
        });
  }

  private void rescan() {
    var manual = new ManualPeers(swarm, sightings);
    Set<Address> before = Set.of();
    try {
      do {
        var announcing = lan;
        if (announcing != null) {
          announcing.refresh();
        }
        manual.refresh();
        var now = new HashSet<>(swarm.localAddresses());
        if (!before.isEmpty() && !before.equals(now)) {
          tell(new SchedulerInput.NetworkChanged());
        }
        before = now;
      } while (!stopped.await(config.rescan().toNanos(), TimeUnit.NANOSECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package dev.cis.dht;

import dev.cis.dht.proto.DhtInput;
import dev.cis.dht.proto.DhtMachine;
import dev.cis.dht.proto.DhtMessage;
import dev.cis.dht.proto.DhtOutput;
import dev.cis.dht.proto.Seat;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.Address;
import dev.cis.transport.PeerLink;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.Priority;
import dev.cis.transport.Swarm;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the machine over the swarm: the callers' side. Calls to peers are {@link Calls}. */
final class Kademlia implements Routing {
  private static final Logger LOG = LoggerFactory.getLogger(Kademlia.class);
  private static final int MAILBOX = 4096;
  private static final Duration LOOK = Duration.ofSeconds(5);

  private final Swarm swarm;
  private final Supplier<Now> clock;
  private final DhtConfig config;
  private final DhtMachine machine;
  private final StoredState stored;
  private final Calls calls;
  private final Serving serving;
  private final Loop<DhtInput, DhtOutput> loop;
  private final Tasks tasks;
  private final Records records;
  private final Thread keeper;
  private volatile Swarm.@org.jspecify.annotations.Nullable Registration listening;
  private volatile @org.jspecify.annotations.Nullable Signed<PeerRecord> told;
  private volatile StoredState.State saved = StoredState.State.EMPTY;
  private volatile boolean closed;

  private Kademlia(KeyPair key, Swarm swarm, Path file, DhtConfig config, Supplier<Now> clock) {
    this.swarm = swarm;
    this.clock = clock;
    swarm.traffic().rank(DhtMessage.PROTOCOL, Priority.CONTROL);
    this.config = config;
    this.machine = new DhtMachine(key, config.kademlia(), config.records(), new SecureRandom());
    this.stored = new StoredState(file);
    this.calls = new Calls(swarm, config, this::offer);
    this.serving = new Serving(swarm, config, calls);
    this.tasks = new Tasks(config.kademlia().lookups());
    this.records = new Records(tasks, calls::remember);
    this.loop = new Loop<>("dht", machine, MAILBOX, clock, this::effect);
    this.keeper = Thread.ofVirtual().name("dht-keeper").unstarted(this::keep);
  }

  static Kademlia start(
      KeyPair key, Swarm swarm, Path file, DhtConfig config, Supplier<Now> clock) {
    var dht = new Kademlia(key, swarm, file, config, clock);
    dht.tasks.open(dht.loop);
    dht.serving.decide(0);
    var earlier = dht.stored.load();
    dht.saved = earlier;
    dht.offer(new DhtInput.Restored(earlier.kept(), earlier.published()));
    dht.offer(new DhtInput.PeersHeardOf(earlier.table()));
    dht.tellOwnRecord();
    dht.listening = swarm.listen(dht.new Listener());
    swarm.addSource(dht);
    dht.keeper.start();
    LOG.info("event=dht-started mode={} self={}", dht.mode(), key.nodeId().brief());
    return dht;
  }

  /** Tells the machine about connections; called on the swarm's thread. */
  private final class Listener implements Swarm.PeerListener {
    @Override
    public void up(PeerLink link) {
      serving.connected(link);
      swarm
          .book()
          .find(link.peer())
          .map(entry -> entry.record())
          .ifPresent(record -> offer(new DhtInput.PeerSeen(record, link.remote())));
    }

    @Override
    public void down(NodeId node, String reason) {
      // An idle connection ends, too: whether the node is gone, the next request will tell.
    }

    @Override
    public void described(Signed<PeerRecord> record) {
      var link = swarm.link(record.value().node());
      if (link.isPresent()) {
        offer(new DhtInput.PeerSeen(record, link.get().remote()));
      } else {
        offer(new DhtInput.PeersHeardOf(List.of(record)));
      }
    }
  }

  private void offer(DhtInput input) {
    if (!loop.offer(input) && !closed) {
      LOG.debug("event=dht-input-dropped refused={}", loop.refused());
    }
  }

  private void effect(DhtOutput output) {
    switch (output) {
      case DhtOutput.SendRequest request -> calls.send(request);
      case DhtOutput.SendResponse(_, var message, var correlation) ->
          calls.respond(correlation, message);
      case DhtOutput.Discovered(var record) -> calls.remember(record);
      case DhtOutput.LookupDone done -> tasks.complete(done.lookup(), done);
      case DhtOutput.LookupRefused refused -> tasks.complete(refused.lookup(), refused);
      case DhtOutput.Bootstrapped done -> tasks.complete(done.lookup(), done);
      case DhtOutput.Published done -> tasks.complete(done.task(), done);
    }
  }

  @Override
  public Mode mode() {
    return serving.mode();
  }

  @Override
  public Optional<Signed<PeerRecord>> findPeer(NodeId node, Duration within) {
    var known = inspect(m -> m.table().isLive(node) ? m.table().find(node) : unknown());
    return known.flatMap(record -> record).or(() -> lookUp(node, within));
  }

  private Optional<Signed<PeerRecord>> lookUp(NodeId node, Duration within) {
    var result =
        tasks.run(id -> new DhtInput.StartLookup(id, node, DhtInput.Purpose.FIND_PEER), within);
    return result.isPresent() && result.get() instanceof DhtOutput.LookupDone done
        ? done.found()
        : unknown();
  }

  private static Optional<Signed<PeerRecord>> unknown() {
    return Optional.empty();
  }

  @Override
  public List<Signed<PeerRecord>> findClosestPeers(NodeId key, int count, Duration within) {
    var result =
        tasks.run(id -> new DhtInput.StartLookup(id, key, DhtInput.Purpose.FIND_CLOSEST), within);
    return result.isPresent() && result.get() instanceof DhtOutput.LookupDone done
        ? done.closest().subList(0, Math.clamp(count, 0, done.closest().size()))
        : List.of();
  }

  @Override
  public int provide(NodeId key, Duration within) {
    return records.provide(key, within);
  }

  @Override
  public boolean withdraw(NodeId key) {
    return inspect(m -> m.withdraw(key)).orElse(false);
  }

  @Override
  public List<Signed<PeerRecord>> findProviders(NodeId key, int count, Duration within) {
    return records.findProviders(key, count, within);
  }

  @Override
  public Put put(Bytes value, Duration within) {
    return records.put(value, within);
  }

  @Override
  public Put put(
      KeyPair author,
      Bytes salt,
      long sequence,
      Bytes value,
      OptionalLong expected,
      Duration within) {
    return records.put(author, salt, sequence, value, expected, within);
  }

  @Override
  public Optional<Value> get(NodeId key, Duration within) {
    return records.get(key, within);
  }

  @Override
  public boolean forget(NodeId key) {
    return inspect(m -> m.forget(key)).orElse(false);
  }

  @Override
  public int bootstrap(Duration within) {
    var result = tasks.run(DhtInput.Bootstrap::new, within);
    return result.isPresent() && result.get() instanceof DhtOutput.Bootstrapped done
        ? done.tableSize()
        : tableSize();
  }

  @Override
  public int tableSize() {
    return inspect(m -> m.table().size()).orElse(0);
  }

  @Override
  public List<Seat> table() {
    return inspect(m -> m.table().seats(clock.get().uptime())).orElseThrow(Tasks::stopping);
  }

  @Override
  public int waiting() {
    return inspect(m -> m.table().waiting()).orElse(0);
  }

  @Override
  public long malformed() {
    return calls.malformed();
  }

  @Override
  public DhtMachine.Stats stats() {
    return inspect(DhtMachine::stats).orElseThrow(Tasks::stopping);
  }

  @Override
  public String name() {
    return "dht";
  }

  @Override
  public List<Address> find(NodeId node, Duration within) {
    if (closed || calls.isDialling(node)) {
      // Our own request could not reach it: asking us again would go round in circles.
      return List.of();
    }
    long known =
        swarm
            .book()
            .find(node)
            .map(entry -> entry.record() == null ? -1 : entry.record().value().sequence())
            .orElse(-1L);
    var record = inspect(m -> m.table().find(node)).flatMap(found -> found);
    if (record.isEmpty() || record.get().value().sequence() <= known) {
      record = lookUp(node, within).or(() -> unknown());
    }
    record.ifPresent(calls::remember);
    return record.map(calls::reachable).orElse(List.of());
  }

  /** Reads something of the machine on its own thread; empty when the node is stopping. */
  private <T> Optional<T> inspect(Function<DhtMachine, T> question) {
    var answer = new CompletableFuture<T>();
    try {
      loop.inspect(() -> answer.complete(question.apply(machine)));
      return Optional.of(answer.get(LOOK.toNanos(), TimeUnit.NANOSECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } catch (ExecutionException | TimeoutException e) {
      return Optional.empty();
    }
  }

  private void keep() {
    var unsaved = Duration.ZERO;
    try {
      while (!closed) {
        Thread.sleep(LOOK);
        tellOwnRecord();
        serving.decide(tableSize());
        unsaved = unsaved.plus(LOOK);
        if (unsaved.compareTo(config.persistEvery()) >= 0) {
          unsaved = Duration.ZERO;
          save();
        }
      }
    } catch (InterruptedException e) {
      // closing
    }
  }

  /** The record of this node goes into the DHT, too, and with every provision. */
  private void tellOwnRecord() {
    var record = swarm.record();
    if (told == null || !told.equals(record)) {
      told = record;
      offer(new DhtInput.Own(record));
    }
  }

  private void save() {
    try {
      var state =
          inspect(m -> new StoredState.State(m.table().records(), m.kept(), m.publications()));
      if (state.isPresent() && !state.get().equals(saved)) {
        stored.save(state.get());
        saved = state.get();
      }
    } catch (Fault e) {
      LOG.warn("event=dht-save-failed code={} why=\"{}\"", e.code().text(), e.getMessage());
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    save();
    closed = true;
    keeper.interrupt();
    var registration = listening;
    if (registration != null) {
      registration.close();
    }
    serving.close();
    loop.close();
    tasks.close();
  }
}

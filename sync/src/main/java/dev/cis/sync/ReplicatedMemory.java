package dev.cis.sync;

import dev.cis.gossip.Gossip;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.time.Uptime;
import dev.cis.sync.proto.Push;
import dev.cis.sync.proto.Signatures;
import dev.cis.sync.proto.SyncInput;
import dev.cis.sync.proto.SyncMachine;
import dev.cis.sync.proto.SyncMessage;
import dev.cis.sync.proto.SyncOutput;
import dev.cis.transport.PeerLink;
import dev.cis.transport.Priority;
import dev.cis.transport.Swarm;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The memory of a node: its store, and the machine that keeps it equal to the peers'. */
public final class ReplicatedMemory implements AutoCloseable {
  /** The gossip topic of new entries. */
  public static final String TOPIC = "cis.sys.memory.v1";

  private static final Logger LOG = LoggerFactory.getLogger(ReplicatedMemory.class);
  private static final int MAILBOX = 1024;

  private final NodeId self;
  private final SqliteStore store;
  private final Watchers watchers = new Watchers();
  private final StoredMemory memory;
  private final Exchanges exchanges;
  private final Pushes pushes;
  private final Loop<SyncInput, SyncOutput> loop;
  private final LoopSync sync;
  private final List<AutoCloseable> registrations;

  private ReplicatedMemory(
      Path database,
      KeyPair pair,
      Swarm swarm,
      Gossip gossip,
      SyncConfig config,
      Supplier<Now> clock) {
    this.self = pair.nodeId();
    var signatures = Signatures.of(pair);
    var guards = new Guards(swarm.admission()::admitsAuthor);
    this.store =
        SqliteStore.open(database, self, signatures, config.conflicts(), watchers::changed);
    this.exchanges = new Exchanges(swarm, new ToLoop());
    this.pushes = new Pushes(gossip, TOPIC);
    var machine =
        new SyncMachine(self, "", config.pace(), new SecureRandom(), store, signatures, guards);
    this.sync = new LoopSync(swarm, store, machine, clock);
    this.loop = new Loop<>("sync", machine, MAILBOX, clock, this::perform);
    sync.attach(loop);
    this.memory =
        new StoredMemory(
            self,
            store,
            watchers,
            guards,
            clock,
            entry -> input(new SyncInput.Written(List.of(entry))));
    swarm.traffic().rank(Exchanges.PROTOCOL, Priority.BULK);
    swarm.compress(Exchanges.PROTOCOL);
    this.registrations =
        List.of(
            swarm.handle(Exchanges.PROTOCOL, exchanges::serve),
            gossip.subscribe(TOPIC, this::pushed),
            swarm.listen(new Peers()));
  }

  /**
   * Opens the memory and begins to replicate it. Swarm and gossip stay the caller's.
   *
   * @throws Fault {@code sync.locked}, {@code sync.corrupt}, {@code sync.newer-schema}, {@code
   *     sync.store-failed}, each naming the file
   */
  public static ReplicatedMemory open(
      Path database, KeyPair pair, Swarm swarm, Gossip gossip, SyncConfig config) {
    return open(database, pair, swarm, gossip, config, Uptime.CLOCK);
  }

  /** The same with another clock. */
  public static ReplicatedMemory open(
      Path database,
      KeyPair pair,
      Swarm swarm,
      Gossip gossip,
      SyncConfig config,
      Supplier<Now> clock) {
    return new ReplicatedMemory(database, pair, swarm, gossip, config, clock);
  }

  /** The memory. */
  public Memory memory() {
    return memory;
  }

  /** Its replication. */
  public Sync sync() {
    return sync;
  }

  private void perform(SyncOutput output) {
    switch (output) {
      case SyncOutput.Send(var to, var message) -> exchanges.send(to, message);
      case SyncOutput.Broadcast(var entries) -> pushes.offer(entries);
      case SyncOutput.Finished finished ->
          sync.finished(finished, exchanges.finished(finished.peer(), finished.exchange()));
      case SyncOutput.Declined(var dot, var key, var why) ->
          LOG.info("event=memory-entry-refused dot={} key={} why={}", dot, printable(key), why);
    }
  }

  private static String printable(String key) {
    return key.replaceAll("\\p{Cntrl}", "?");
  }

  private void pushed(Gossip.Message message) {
    if (message.author().equals(self)) {
      return;
    }
    try {
      var push = Push.CODEC.decode(message.payload().toByteArray());
      input(new SyncInput.Pushed(push.entries()));
    } catch (Fault e) {
      LOG.info("event=memory-push-malformed author={} why={}", message.author(), e.getMessage());
    }
  }

  private void input(SyncInput input) {
    try {
      loop.put(input);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops replicating and closes the database. */
  @Override
  public void close() {
    for (var registration : registrations) {
      try {
        registration.close();
      } catch (Exception e) {
        LOG.warn("event=memory-close-failed", e);
      }
    }
    pushes.close();
    sync.close();
    loop.close();
    exchanges.close();
    watchers.close();
    store.close();
  }

  private final class ToLoop implements Exchanges.Inbox {
    @Override
    public void received(NodeId from, SyncMessage message) throws InterruptedException {
      loop.put(new SyncInput.Received(from, message));
    }

    @Override
    public void broken(NodeId peer, long exchange, String why) throws InterruptedException {
      loop.put(new SyncInput.Broken(peer, exchange, why));
    }
  }

  /** Must not block: what the mailbox has no room for waits on a thread of its own. */
  private final class Peers implements Swarm.PeerListener {
    @Override
    public void up(PeerLink link) {
      tell(new SyncInput.PeerUp(link.peer()));
    }

    @Override
    public void down(NodeId node, String reason) {
      tell(new SyncInput.PeerDown(node));
    }

    private void tell(SyncInput input) {
      if (!loop.offer(input)) {
        Thread.startVirtualThread(() -> input(input));
      }
    }
  }
}

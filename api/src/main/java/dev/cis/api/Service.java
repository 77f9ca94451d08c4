package dev.cis.api;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.node.Node;
import java.io.IOException;

/** Carries out requests on a node. */
public final class Service implements Handler {
  private final Runnable stop;
  private final PeerRequests peers;
  private final WhyRequests why;
  private final DiscoveryRequests discovery;
  private final NetcheckRequests netcheck;
  private final DhtRequests dht;
  private final TrafficRequests traffic;
  private final MemoryRequests memory;
  private final NodeRequests nodes;
  private final DeployRequests deploy;
  private final LogRequests logs;
  private final RealmRequests realms;

  /**
   * Serves a node.
   *
   * @param stop ends the daemon; called once an answer to {@link Request.Stop} can be sent
   */
  public Service(Node node, Runnable stop) {
    var names = new NodeNames(node);
    this.stop = stop;
    this.peers = new PeerRequests(node, names);
    this.why = new WhyRequests(node, names);
    this.discovery = new DiscoveryRequests(node, names);
    this.netcheck = new NetcheckRequests(node, names);
    this.dht = new DhtRequests(node, names);
    this.traffic = new TrafficRequests(node, names);
    this.memory = new MemoryRequests(node, names);
    this.nodes = new NodeRequests(node, names);
    this.deploy = new DeployRequests(node, names);
    this.logs = new LogRequests(node, deploy);
    this.realms = RealmRequests.of(node, names);
  }

  @Override
  public Result handle(Request request, Call call) throws InterruptedException, IOException {
    try {
      return switch (request) {
        case Request.Status() -> nodes.status();
        case Request.Stop() -> {
          stop.run();
          yield new Result.Done("stopping");
        }
        case Request.Peers r -> peers.peers(r);
        case Request.Discover r -> discovery.discover(r);
        case Request.Events r -> discovery.events(r, call);
        case Request.Reachable r -> discovery.reachable(r);
        case Request.Netcheck r -> netcheck.netcheck(r);
        case Request.Limits() -> peers.limits();
        case Request.Connect r -> peers.connect(r);
        case Request.Disconnect r -> peers.disconnect(r);
        case Request.AddPeer r -> peers.addPeer(r);
        case Request.RemovePeer r -> peers.removePeer(r);
        case Request.Why r -> why.why(r);
        case Request.Ping r -> peers.ping(r, call);
        case Request.Broadcast r -> peers.broadcast(r);
        case Request.Subscribe r -> peers.subscribe(r, call);
        case Request.Find r -> dht.find(r);
        case Request.FindProviders r -> dht.findProviders(r);
        case Request.DhtGet r -> dht.get(r);
        case Request.DhtPut r -> dht.put(r);
        case Request.DhtProvide r -> dht.provide(r);
        case Request.DhtWithdraw r -> dht.withdraw(r);
        case Request.DhtTable() -> dht.table();
        case Request.Bandwidth() -> traffic.bandwidth();
        case Request.Counters() -> traffic.counters();
        case Request.Qlog r -> traffic.qlog(r);
        case Request.BandwidthLimit r -> traffic.limit(r);
        case Request.Sync r -> memory.sync(r);
        case Request.SyncStatus() -> memory.status();
        case Request.MemorySet r -> memory.set(r);
        case Request.MemoryGet r -> memory.get(r);
        case Request.MemoryList r -> memory.list(r);
        case Request.MemoryDelete r -> memory.delete(r);
        case Request.MemoryWatch r -> memory.watch(r, call);
        case Request.Deploy r -> deploy.deploy(r, call);
        case Request.AppList r -> deploy.apps(r);
        case Request.AppCommand r -> deploy.command(r);
        case Request.Logs r -> logs.logs(r, call);
        case Request.NodeList() -> nodes.list();
        case Request.NodeInfo r -> nodes.info(r);
        case Request.NodeLabel r -> nodes.label(r);
        case Request.Invite r -> realms.handle(r);
        case Request.Join r -> realms.handle(r);
        case Request.RealmList r -> realms.handle(r);
        case Request.RealmShow r -> realms.handle(r);
        case Request.RealmCreate r -> realms.handle(r);
        case Request.RealmRotateKey r -> realms.handle(r);
        case Request.RealmRevoke r -> realms.handle(r);
        case Request.RealmLeave r -> realms.handle(r);
        case Request.AccessList r -> realms.handle(r);
        case Request.Allow r -> realms.handle(r);
        case Request.Deny r -> realms.handle(r);
      };
    } catch (IllegalArgumentException e) {
      throw new Fault(KernelCode.MALFORMED, String.valueOf(e.getMessage()), e);
    }
  }
}

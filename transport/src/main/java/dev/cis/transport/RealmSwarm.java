package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A swarm with another realm in the place of the home realm. */
final class RealmSwarm implements Swarm {
  private final NetworkSwarm swarm;
  private final String realm;
  private final PeerBook book;

  RealmSwarm(NetworkSwarm swarm, String realm) {
    this.swarm = swarm;
    this.realm = realm;
    this.book = new OtherRealmBook(swarm.book());
  }

  @Override
  public NodeId self() {
    return swarm.self();
  }

  @Override
  public Admission admission() {
    return swarm.admission();
  }

  @Override
  public List<Address> localAddresses() {
    return swarm.localAddresses();
  }

  @Override
  public List<Address> boundAddresses() {
    return swarm.boundAddresses();
  }

  @Override
  public PeerBook book() {
    return book;
  }

  @Override
  public Signed<PeerRecord> record() {
    return swarm.record(realm);
  }

  @Override
  public Traffic traffic() {
    return swarm.traffic();
  }

  @Override
  public Counters.Look counters() {
    return swarm.counters();
  }

  @Override
  public List<Counters.End> ends() {
    return swarm.ends();
  }

  @Override
  public Path qlog(NodeId node, Path directory, Duration within) {
    return swarm.qlog(node, directory, within);
  }

  @Override
  public boolean qlogStop(NodeId node) {
    return swarm.qlogStop(node);
  }

  @Override
  public void describe(PeerDescription description) {
    swarm.describe(description);
  }

  /** Not taken: what is known in another realm is no way to members of the home realm. */
  @Override
  public void addSource(AddressSource source) {}

  @Override
  public PeerLink connect(NodeId node, Duration within) {
    return swarm.connect(node, within);
  }

  @Override
  public PeerLink connect(Address address, Duration within) {
    return swarm.connect(address, within);
  }

  @Override
  public PeerLink connectNow(NodeId node, Duration within) {
    return swarm.connectNow(node, within);
  }

  @Override
  public PeerLink connectNow(Address address, Duration within) {
    return swarm.connectNow(address, within);
  }

  @Override
  public boolean disconnect(NodeId node) {
    return swarm.disconnect(node);
  }

  @Override
  public void recall(NodeId node) {
    swarm.recall(node);
  }

  @Override
  public boolean hangUp(NodeId node, String reason) {
    return swarm.hangUp(node, reason);
  }

  @Override
  public void keep(NodeId node, String tag) {
    swarm.keep(node, tag);
  }

  @Override
  public void release(NodeId node, String tag) {
    swarm.release(node, tag);
  }

  @Override
  public boolean isKept(NodeId node) {
    return swarm.isKept(node);
  }

  @Override
  public Optional<Resting> resting(NodeId node) {
    return swarm.resting(node);
  }

  @Override
  public Usage usage() {
    return swarm.usage();
  }

  @Override
  public List<PeerLink> links() {
    return members();
  }

  @Override
  public List<PeerLink> members() {
    return swarm.members(realm);
  }

  @Override
  public Optional<PeerLink> link(NodeId node) {
    return swarm.link(node).filter(link -> link.realms().contains(realm));
  }

  @Override
  public Stream open(NodeId node, ProtocolId protocol, Duration deadline) {
    return swarm.open(node, realm, protocol, deadline);
  }

  @Override
  public Stream open(NodeId node, String other, ProtocolId protocol, Duration deadline) {
    return swarm.open(node, other, protocol, deadline);
  }

  @Override
  public Stream openSystem(NodeId node, ProtocolId protocol, Duration deadline) {
    return swarm.openSystem(node, protocol, deadline);
  }

  @Override
  public Registration handle(ProtocolId protocol, StreamHandler handler) {
    return swarm.handle(realm, protocol, handler);
  }

  @Override
  public Registration handle(String other, ProtocolId protocol, StreamHandler handler) {
    return swarm.handle(other, protocol, handler);
  }

  @Override
  public Registration handleSystem(ProtocolId protocol, StreamHandler handler) {
    return swarm.handleSystem(protocol, handler);
  }

  @Override
  public void compress(ProtocolId protocol) {
    swarm.compress(protocol);
  }

  @Override
  public CompletableFuture<Answer> call(
      NodeId node, ProtocolId protocol, byte[] request, Duration within) {
    return swarm.call(node, realm, protocol, request, within);
  }

  @Override
  public Answer ask(NodeId node, ProtocolId protocol, byte[] request, Duration within) {
    return swarm.ask(node, realm, protocol, request, within);
  }

  @Override
  public Registration serve(ProtocolId protocol, CallHandler handler) {
    return swarm.serve(realm, protocol, handler, false);
  }

  @Override
  public Registration serveInline(ProtocolId protocol, CallHandler handler) {
    return swarm.serve(realm, protocol, handler, true);
  }

  @Override
  public Registration listen(PeerListener listener) {
    return swarm.listen(realm, listener);
  }

  @Override
  public Swarm in(String other) {
    return swarm.in(other);
  }

  @Override
  public Duration ping(NodeId node, Duration within) {
    return swarm.ping(node, within);
  }

  @Override
  public void networkChanged() {
    swarm.networkChanged();
  }

  @Override
  public void close() {}
}

package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** Everybody is welcome: the open realm, whose key is no secret. */
final class OpenAdmission implements Admission {
  private static final List<Secret> SECRETS =
      List.of(new Secret(OPEN_REALM, Bytes.of(new byte[RealmProof.KEY_BYTES])));

  @Override
  public String home() {
    return OPEN_REALM;
  }

  @Override
  public boolean admits(NodeId node) {
    return true;
  }

  @Override
  public boolean admitsAuthor(NodeId author) {
    return true;
  }

  @Override
  public Strangers strangers() {
    return Strangers.REFUSED;
  }

  @Override
  public boolean usesAnchors() {
    return true;
  }

  @Override
  public List<Secret> secrets(NodeId peer) {
    return SECRETS;
  }

  @Override
  public void proved(NodeId peer, Collection<Secret> secrets) {}

  @Override
  public void up(NodeId peer, Set<String> realms) {}

  @Override
  public Set<String> still(NodeId peer, Set<String> realms) {
    return realms;
  }

  @Override
  public Swarm.Registration watch(Runnable watcher) {
    return () -> {};
  }
}

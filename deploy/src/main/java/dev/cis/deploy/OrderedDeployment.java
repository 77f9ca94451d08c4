package dev.cis.deploy;

import dev.cis.blobs.Digest;
import dev.cis.deploy.proto.AppState;
import dev.cis.deploy.proto.DeployOrder;
import dev.cis.deploy.proto.Phase;
import dev.cis.deploy.proto.Selector;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.sync.Memory;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One order, seen through what the nodes say. */
final class OrderedDeployment implements Deployment {
  private final Signed<DeployOrder> signed;
  private final DeployOrder order;
  private final Swarm swarm;
  private final Memory memory;
  private final AppStates states;

  OrderedDeployment(Signed<DeployOrder> signed, Swarm swarm, Memory memory, AppStates states) {
    this.signed = signed;
    this.order = signed.value();
    this.swarm = swarm;
    this.memory = memory;
    this.states = states;
  }

  @Override
  public String app() {
    return order.app();
  }

  @Override
  public String version() {
    var release = order.release();
    return release == null ? "" : release.version();
  }

  @Override
  public @Nullable Digest digest() {
    var release = order.release();
    return release == null ? null : release.digest();
  }

  @Override
  public long sequence() {
    return order.sequence();
  }

  @Override
  public List<NodeProgress> progress() {
    Map<NodeId, AppState> said = new HashMap<>();
    for (var state : states.all()) {
      if (state.app().equals(order.app())) {
        said.put(state.node(), state);
      }
    }
    var targets = targets();
    said.values().stream().filter(this::isAboutThis).forEach(state -> targets.add(state.node()));
    return targets.stream()
        .map(node -> progress(node, said.get(node)))
        .sorted(Comparator.comparing(NodeProgress::name).thenComparing(NodeProgress::node))
        .toList();
  }

  /** The nodes that match, as far as the address book knows. */
  private Set<NodeId> targets() {
    var targets = new TreeSet<NodeId>();
    if (order.selector() instanceof Selector.Nodes(var nodes)) {
      targets.addAll(nodes);
      return targets;
    }
    if (order.selector().matches(swarm.self(), swarm.record().value().labels())) {
      targets.add(swarm.self());
    }
    for (var entry : swarm.book().entries()) {
      var record = entry.record();
      if (record != null && order.selector().matches(entry.node(), record.value().labels())) {
        targets.add(entry.node());
      }
    }
    return targets;
  }

  private boolean isAboutThis(AppState state) {
    return state.sequence() == order.sequence()
        && state.publisher().equals(signed.signer().toString());
  }

  private NodeProgress progress(NodeId node, @Nullable AppState state) {
    var release = order.release();
    long total = release == null ? 0 : release.size();
    var name = name(swarm, node);
    if (state == null) {
      boolean here = node.equals(swarm.self()) || swarm.link(node).isPresent();
      var why = here ? "" : "not connected";
      return new NodeProgress(node, name, Phase.WAITING, 0, total, why, null);
    }
    if (isAboutThis(state)) {
      return new NodeProgress(
          node, name, state.phase(), state.bytesDone(), total, state.reason(), state.at());
    }
    if (state.untrusted().contains(signed.signer().toString())) {
      var why = "the publisher is not trusted by this node; 'cis keys trust' changes that";
      return new NodeProgress(node, name, Phase.UNTRUSTED, 0, total, why, state.at());
    }
    if (state.sequence() > order.sequence()) {
      var why = "superseded by a later order, " + state.sequence();
      return new NodeProgress(node, name, Phase.REFUSED, 0, total, why, state.at());
    }
    return new NodeProgress(node, name, Phase.WAITING, 0, total, "", state.at());
  }

  static String name(Swarm swarm, NodeId node) {
    if (node.equals(swarm.self())) {
      var own = swarm.record().value().name();
      return own.isEmpty() ? node.brief() : own;
    }
    return swarm.book().find(node).map(entry -> entry.displayName()).orElse(node.brief());
  }

  @Override
  public Watch watch(Consumer<NodeProgress> watcher) {
    Map<NodeId, NodeProgress> last = new HashMap<>();
    var lock = new Object();
    Runnable look =
        () -> {
          synchronized (lock) {
            for (var now : progress()) {
              if (!now.equals(last.put(now.node(), now))) {
                watcher.accept(now);
              }
            }
          }
        };
    var watch =
        memory.watch(
            Memory.Domain.PUBLIC,
            AppStates.PREFIX,
            item -> {
              if (item.key().endsWith("/app/" + order.app())) {
                look.run();
              }
            });
    look.run();
    return watch::close;
  }

  @Override
  public boolean await(Duration within) throws InterruptedException {
    var done = new CountDownLatch(1);
    try (var _ =
        watch(progress -> {
          if (isOver()) {
            done.countDown();
          }
        })) {
      return isOver() || done.await(within.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private boolean isOver() {
    var all = new ArrayList<>(progress());
    return !all.isEmpty() && all.stream().allMatch(progress -> progress.phase().isFinal());
  }
}

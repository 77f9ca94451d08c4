package dev.cis.deploy;

import dev.cis.blobs.Blobs;
import dev.cis.deploy.proto.AppState;
import dev.cis.deploy.proto.ConvergeInput;
import dev.cis.deploy.proto.DeployCode;
import dev.cis.deploy.proto.Release;
import dev.cis.deploy.run.Supervisor;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fetches, verifies and unpacks packages, each on a virtual thread of its own. */
final class Preparer {
  private static final Logger LOG = LoggerFactory.getLogger(Preparer.class);

  private final NodeId self;
  private final Blobs blobs;
  private final Packages packages;
  private final Supervisor supervisor;
  private final Supplier<List<AppState>> states;
  private final Consumer<ConvergeInput> tell;

  Preparer(
      NodeId self,
      Blobs blobs,
      Packages packages,
      Supervisor supervisor,
      Supplier<List<AppState>> states,
      Consumer<ConvergeInput> tell) {
    this.self = self;
    this.blobs = blobs;
    this.packages = packages;
    this.supervisor = supervisor;
    this.states = states;
    this.tell = tell;
  }

  void prepare(String app, Release release, NodeId author, Set<Thread> workers) {
    var thread =
        Thread.ofVirtual()
            .name("prepare-" + app)
            .unstarted(() -> {
              try {
                work(app, release, author);
                tell.accept(new ConvergeInput.Prepared(app, release));
              } catch (InterruptedException e) {
                return; // the node is closing; it begins again at its next start
              } catch (Fault fault) {
                failed(app, release, isForGood(fault), fault);
              } catch (IOException | RuntimeException e) {
                failed(app, release, false, e);
              } finally {
                workers.remove(Thread.currentThread());
              }
            });
    workers.add(thread);
    thread.start();
  }

  private void work(String app, Release release, NodeId author)
      throws InterruptedException, IOException {
    var destination = supervisor.versionDirectory(app, release.directory());
    if (Files.isDirectory(destination)) {
      return; // it appeared with one rename, so it is complete
    }
    var file =
        blobs.fetch(
            release.digest(),
            release.size(),
            sources(release, author),
            (done, total, from) -> tell.accept(new ConvergeInput.Fetched(app, release, done)));
    var versions = Files.createDirectories(supervisor.home(app).resolve("versions"));
    packages.sweep(versions);
    unpack(app, release, file, destination);
    LOG.info(
        "event=unpacked app={} version={} digest={}", app, release.version(), release.digest());
  }

  private void unpack(String app, Release release, Path file, Path destination) throws IOException {
    var name = packages.unpack(file, destination);
    if (!name.equals(new Packages.Name(app, release.version()))) {
      Files.move(destination, Path.of(destination + ".refused"));
      delete(Path.of(destination + ".refused"));
      throw new Fault(
          DeployCode.BAD_ORDER,
          "the package is "
              + name.app()
              + " "
              + name.version()
              + ", the order says "
              + app
              + " "
              + release.version());
    }
  }

  private static void delete(Path tree) throws IOException {
    try (var all = Files.walk(tree)) {
      for (var path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  private Collection<NodeId> sources(Release release, NodeId author) {
    Set<NodeId> sources = new LinkedHashSet<>();
    sources.add(author);
    var digest = release.digest().toString();
    states.get().stream()
        .filter(state -> state.packages().contains(digest))
        .map(AppState::node)
        .forEach(sources::add);
    sources.remove(self);
    return sources;
  }

  /**
   * A bad package stays bad. But a signer can become trusted, a disk can get room, and a source can
   * come back.
   */
  private static boolean isForGood(Fault fault) {
    var code = fault.code().text();
    if (code.startsWith("blobs.") || code.equals("deploy.untrusted-publisher")) {
      return false;
    }
    return fault.kind() == Kind.DENIED
        || fault.kind() == Kind.CORRUPT
        || fault.kind() == Kind.INVALID
        || code.equals("deploy.package-too-large");
  }

  private void failed(String app, Release release, boolean forGood, Exception why) {
    var reason = why.getMessage() == null ? why.toString() : why.getMessage();
    LOG.warn(
        "event=not-prepared app={} version={} for_good={} reason=\"{}\"",
        app,
        release.version(),
        forGood,
        reason);
    tell.accept(new ConvergeInput.NotPrepared(app, release, forGood, reason));
  }
}

package dev.cis.blobs;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import dev.cis.transport.Priority;
import dev.cis.transport.Swarm;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;

/** The store, the server and the transfers of one node. */
final class LocalBlobs implements Blobs {
  private final BlobStore store;
  private final Swarm swarm;
  private final BlobsConfig config;
  private final Swarm.Registration registration;
  private final Map<Digest, Transfer> transfers = new HashMap<>();
  private boolean closed;

  LocalBlobs(Path directory, Swarm swarm, BlobsConfig config) {
    this.store = new BlobStore(directory, config.maxBlobBytes());
    this.swarm = swarm;
    this.config = config;
    swarm.traffic().rank(BlobMessage.PROTOCOL, Priority.BULK);
    this.registration = swarm.handle(BlobMessage.PROTOCOL, new BlobServer(store, config));
  }

  @Override
  public Digest put(InputStream bytes) throws IOException {
    return store.put(bytes);
  }

  @Override
  public Optional<Path> find(Digest digest) {
    return store.find(digest);
  }

  @Override
  public Path fetch(Digest digest, long size, Collection<NodeId> sources, Progress progress)
      throws InterruptedException {
    if (size < 0 || size > config.maxBlobBytes()) {
      throw new Fault(
          BlobsCode.TOO_LARGE,
          digest + " has " + size + " bytes, max_blob_bytes is " + config.maxBlobBytes());
    }
    // One object for each call, so that leaving takes away just this one.
    Progress mine = (done, total, from) -> progress.at(done, total, from);
    while (true) {
      var found = store.find(digest);
      if (found.isPresent()) {
        return found.get();
      }
      var transfer = join(digest, size, sources, mine);
      if (transfer.isPresent()) {
        return await(transfer.get(), mine);
      }
    }
  }

  private static Path await(Transfer transfer, Progress mine) throws InterruptedException {
    try {
      return transfer.result().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Fault fault) {
        throw new Fault(fault.code(), String.valueOf(fault.getMessage()), fault);
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      transfer.leave(mine);
    }
  }

  /** Joins the transfer under way or starts one; empty when one is just ending: look again. */
  private Optional<Transfer> join(
      Digest digest, long size, Collection<NodeId> sources, Progress progress)
      throws InterruptedException {
    Transfer transfer;
    boolean started = false;
    synchronized (this) {
      if (closed) {
        throw new Fault(BlobsCode.CLOSED, "this node is stopping; nothing is fetched");
      }
      transfer = transfers.get(digest);
      if (transfer == null) {
        if (transfers.size() >= config.maxTransfers()) {
          throw new Fault(
              BlobsCode.BUSY, "max_transfers, " + config.maxTransfers() + ", are under way");
        }
        transfer = new Transfer(store, swarm, config, digest, size);
        transfers.put(digest, transfer);
        started = true;
      }
      if (transfer.size() != size) {
        throw new Fault(
            BlobsCode.UNAVAILABLE,
            digest + " is being fetched with " + transfer.size() + " bytes, not " + size);
      }
      if (transfer.join(sources, progress)) {
        if (started) {
          start(digest, transfer);
        }
        return Optional.of(transfer);
      }
    }
    awaitEnd(transfer);
    return Optional.empty();
  }

  private void start(Digest digest, Transfer transfer) {
    Thread.ofVirtual()
        .name("blob-" + digest.toString().substring(0, 8))
        .start(() -> transfer.run(() -> forget(digest, transfer)));
  }

  private synchronized void forget(Digest digest, Transfer transfer) {
    transfers.remove(digest, transfer);
  }

  private static void awaitEnd(Transfer transfer) throws InterruptedException {
    try {
      Path _ = transfer.result().get();
    } catch (ExecutionException e) {
      return; // how it ended is its users' business
    }
  }

  @Override
  public boolean remove(Digest digest) {
    return store.remove(digest);
  }

  @Override
  public void close() {
    List<Transfer> open;
    synchronized (this) {
      closed = true;
      open = List.copyOf(transfers.values());
    }
    registration.close();
    open.forEach(Transfer::cancel);
  }
}

package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A call of ours. Completed in the link's turn. */
final class PendingCall extends CompletableFuture<Answer> implements Runnable {
  final ProtocolId protocol;
  final String realm;
  final Bytes request;
  final Deadline deadline;

  // Set before it is handed over, then only read.
  private volatile @Nullable Asking asking;

  // Only in turn.
  long id;
  @Nullable CallStream stream;

  PendingCall(ProtocolId protocol, String realm, Bytes request, Deadline deadline) {
    this.protocol = protocol;
    this.realm = realm;
    this.request = request;
    this.deadline = deadline;
  }

  void handOver(Asking to) {
    asking = to;
  }

  /** Begins the call, in turn. */
  @Override
  public void run() {
    var to = asking;
    if (to != null) {
      to.begin(this);
    }
  }

  /** Gives the call up; the peer is told. */
  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    var to = asking;
    if (cancelled && to != null) {
      to.giveUp(this);
    }
    return cancelled;
  }

  void fail(Fault why) {
    boolean _ = completeExceptionally(why);
  }
}

package dev.cis.transport;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one stream counts in and waits for: its protocol, its peer, and the node as a whole. Control
 * protocols wait for nothing; their bytes count all the same, so that others pay for them.
 */
final class Flow {
  private final Scope total;
  private final Scope peer;
  private final LongSupplier clock;
  private volatile @Nullable Scope protocol;
  private long early;

  Flow(Scope total, Scope peer, @Nullable Scope protocol, LongSupplier clock) {
    this.total = total;
    this.peer = peer;
    this.protocol = protocol;
    this.clock = clock;
  }

  /** The protocol is known now; what was received before was its too. */
  void settle(Scope known) {
    protocol = known;
    known.in.meter().add(early, clock.getAsLong());
    known.in.spend(early);
  }

  Priority priority() {
    var scope = protocol;
    return scope == null ? Priority.CONTROL : scope.priority;
  }

  /** Whether what is sent has to pass a limit; then in pieces of a quantum. */
  boolean limitsSending() {
    var scope = protocol;
    return scope != null
        && (scope.out.isLimited() || peer.out.isLimited() || total.out.isLimited())
        && scope.priority != Priority.CONTROL;
  }

  /** Whether what is received has to pass a limit; then in pieces of a quantum. */
  boolean limitsReceiving() {
    var scope = protocol;
    return scope != null
        && (scope.in.isLimited() || peer.in.isLimited() || total.in.isLimited())
        && scope.priority != Priority.CONTROL;
  }

  /** Waits until so many bytes may be sent, and takes the tokens for them. */
  void passSending(long bytes, long waitNanos) throws InterruptedException {
    var scope = protocol;
    if (scope != null) {
      long deadline = deadline(waitNanos);
      scope.out.pass(scope.priority, bytes, deadline);
      peer.out.pass(scope.priority, bytes, deadline);
      total.out.pass(scope.priority, bytes, deadline);
    }
  }

  /** Waits until there are tokens; {@link #received} takes as many as have come then. */
  void passReceiving(long waitNanos) throws InterruptedException {
    var scope = protocol;
    if (scope != null) {
      long deadline = deadline(waitNanos);
      scope.in.pass(scope.priority, 0, deadline);
      peer.in.pass(scope.priority, 0, deadline);
      total.in.pass(scope.priority, 0, deadline);
    }
  }

  private long deadline(long waitNanos) {
    return waitNanos == Pipe.FOREVER ? Long.MAX_VALUE : clock.getAsLong() + waitNanos;
  }

  /**
   * Counts what was sent.
   *
   * @param paid whether it has passed the limits
   */
  void sent(long bytes, boolean paid) {
    if (bytes == 0) {
      return;
    }
    long now = clock.getAsLong();
    var scope = protocol;
    if (scope != null) {
      scope.out.meter().add(bytes, now);
    }
    peer.out.meter().add(bytes, now);
    if (!paid) {
      if (scope != null) {
        scope.out.spend(bytes);
      }
      peer.out.spend(bytes);
      total.out.spend(bytes);
    }
  }

  /** Counts what was received, and takes the tokens for it. */
  void received(long bytes) {
    long now = clock.getAsLong();
    var scope = protocol;
    if (scope == null) {
      early += bytes;
    } else {
      scope.in.meter().add(bytes, now);
      scope.in.spend(bytes);
    }
    peer.in.meter().add(bytes, now);
    peer.in.spend(bytes);
    total.in.spend(bytes);
  }
}

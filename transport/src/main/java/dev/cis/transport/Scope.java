package dev.cis.transport;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/** Both directions of what is metered and limited together: a peer, a protocol, or everything. */
final class Scope {
  final Lane in;
  final Lane out;

  /** How the streams of it are ranked; only of use for a protocol. */
  volatile Priority priority = Priority.INTERACTIVE;

  /** Connections that it counts; only of use for a peer. */
  final AtomicInteger users = new AtomicInteger();

  Scope(String name, LongSupplier clock) {
    this.in = new Lane("from " + name, clock);
    this.out = new Lane("to " + name, clock);
  }

  Traffic.Use look(long now) {
    return new Traffic.Use(
        in.meter().rates(now), out.meter().rates(now), in.limit(), out.limit(), priority);
  }
}

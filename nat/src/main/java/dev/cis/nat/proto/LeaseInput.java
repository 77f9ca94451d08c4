package dev.cis.nat.proto;

import dev.cis.transport.Address;
import java.time.Duration;

/** What happens to a port mapping. */
public sealed interface LeaseInput {
  /** An answer that says no. */
  enum Refusal {
    /** Nobody answers, or not in this protocol. */
    SILENT,
    /** The external port belongs to somebody else. */
    TAKEN,
    /** The router does not want to, or cannot. */
    DENIED
  }

  /** The value of {@code epoch} for a protocol that has none. */
  long NO_EPOCH = -1;

  /**
   * The router maps the port.
   *
   * @param external address and port on its outside
   * @param life how long, from now
   * @param epoch seconds since the router forgot its mappings, or {@link #NO_EPOCH}
   */
  record Granted(MappingProtocol by, Address external, Duration life, long epoch)
      implements LeaseInput {}

  /**
   * It does not.
   *
   * @param reason for people
   * @param outside the router's own external address if it said so, else empty
   */
  record Refused(MappingProtocol by, Refusal why, String reason, String outside)
      implements LeaseInput {}

  /** The router still has the mapping, at this address; the lease is as it was. */
  record Kept(MappingProtocol by, Address external) implements LeaseInput {}

  /** The router does not have the mapping any more. */
  record Missing(MappingProtocol by) implements LeaseInput {}

  /** The network has changed: what was refused may be granted now. */
  record Again() implements LeaseInput {}

  /** The node stops. */
  record Stop() implements LeaseInput {}
}

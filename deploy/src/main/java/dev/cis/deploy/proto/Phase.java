package dev.cis.deploy.proto;

/** How far a node is with what is wanted of an application. */
public enum Phase {
  /** The order has not reached the node, or the node has not looked at it yet. */
  WAITING,
  /** The package is on its way. */
  FETCHING,
  /** The package is here, its signature is good, it is unpacked. */
  VERIFIED,
  /** The process is starting; it has not been healthy yet. */
  STARTING,
  /** The process runs and its health check passes. */
  HEALTHY,
  /** The process runs, but its health check fails; the reason has the probe's output. */
  UNHEALTHY,
  /** Stopped, as wanted. */
  STOPPED,
  /** It does not run and will not be tried again by itself; the reason says why. */
  FAILED,
  /** The new version failed; the previous one was started again. */
  ROLLED_BACK,
  /** The package or order is refused; the reason says why. */
  REFUSED,
  /** The node does not trust the publisher. Reconsidered when it does. */
  UNTRUSTED,
  /** Removed, as wanted. */
  REMOVED;

  /** Whether a deployment that waits for this node need not wait any longer. */
  public boolean isFinal() {
    return switch (this) {
      case WAITING, FETCHING, VERIFIED, STARTING, UNHEALTHY -> false;
      case HEALTHY, STOPPED, FAILED, ROLLED_BACK, REFUSED, UNTRUSTED, REMOVED -> true;
    };
  }

  /** Whether it ended as the order wanted. */
  public boolean isSuccess() {
    return this == HEALTHY || this == STOPPED || this == REMOVED;
  }
}

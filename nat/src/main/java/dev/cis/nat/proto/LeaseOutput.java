package dev.cis.nat.proto;

import dev.cis.transport.Address;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What is to be done for a port mapping. */
public sealed interface LeaseOutput {
  /** Asks for the mapping, or for it to last longer. Answered by one input. */
  record Ask(MappingProtocol by, int externalPort, Duration life) implements LeaseOutput {}

  /** Asks whether it is still there. Answered by one input. */
  record Check(MappingProtocol by, int externalPort, Duration life) implements LeaseOutput {}

  /** Gives it back. */
  record Release(MappingProtocol by, int externalPort) implements LeaseOutput {}

  /** The router has started anew; what it forgot is asked for again. */
  record Restarted(MappingProtocol by) implements LeaseOutput {}

  /** It stands otherwise than before. */
  record Changed(Standing standing) implements LeaseOutput {}

  /** How it can stand. */
  enum State {
    /** Routers are being asked. */
    SEARCHING,
    /** There is a mapping. */
    MAPPED,
    /** There is none; it is tried again later. */
    NONE,
    /** Given back. */
    STOPPED
  }

  /**
   * How it stands.
   *
   * @param by null without a mapping
   * @param external null without a mapping
   * @param until the uptime at which the lease ends; zero without a mapping
   * @param reason why there is none, for people; else empty
   */
  record Standing(
      State state,
      @Nullable MappingProtocol by,
      @Nullable Address external,
      Duration until,
      String reason) {}
}

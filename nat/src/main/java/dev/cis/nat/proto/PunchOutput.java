package dev.cis.nat.proto;

import java.time.Duration;
import java.util.List;

/** What a {@link PunchMachine} wants done. */
public sealed interface PunchOutput {
  /** Ask there. */
  record Ask(Endpoint to, long transaction) implements PunchOutput {}

  /** Answer there. */
  record Answer(Endpoint to, long transaction) implements PunchOutput {}

  /** What comes from there is the peer's. */
  record Admit(Endpoint from) implements PunchOutput {}

  /** Send by this path from now on. */
  record Use(Endpoint to, Duration rtt) implements PunchOutput {}

  /** The path in use does not answer any more; send by the relay. */
  record Lost(Endpoint to) implements PunchOutput {}

  /**
   * The round has found no path.
   *
   * @param tried which addresses did not answer; none if the peer has none
   */
  record Failed(List<Endpoint> tried) implements PunchOutput {
    /** Copies the list. */
    public Failed {
      tried = List.copyOf(tried);
    }
  }
}

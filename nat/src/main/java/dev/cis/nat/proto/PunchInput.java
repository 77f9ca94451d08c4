package dev.cis.nat.proto;

import java.util.List;

/** What can happen to a {@link PunchMachine}. */
public sealed interface PunchInput {
  /** A round begins, with what the peer says of itself. */
  record Round(List<Endpoint> candidates) implements PunchInput {
    /** Copies the list. */
    public Round {
      candidates = List.copyOf(candidates);
    }
  }

  /** What is sent by the path in use is not answered; nothing happens if there is none. */
  record Doubted() implements PunchInput {}

  /** A genuine probe of the peer came from there. */
  record Asked(Endpoint from, long transaction) implements PunchInput {}

  /** A genuine answer of the peer came from there. */
  record Answered(Endpoint from, long transaction) implements PunchInput {}
}

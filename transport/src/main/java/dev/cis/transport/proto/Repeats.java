package dev.cis.transport.proto;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sends the packets of a handshake again that may have been lost. Before it has a round-trip time,
 * QUIC waits a second (RFC 9002 section 6.2.2) until it does so itself; most paths answer within a
 * tenth of that, and what a network does that duplicates packets harms nobody: the receiver drops
 * what it has.
 *
 * <p>The dialler repeats what has brought no answer after {@value #FIRST_MILLIS} ms, and then twice
 * more, each time a little later. The acceptor has no clock: an Initial that comes a second time
 * says that the answer to it was lost. It is answered by the same bytes again and kept from QUIC,
 * so that nobody is sent more than three times what came from there (RFC 9000 section 8.1). Times
 * are uptimes. Not thread-safe.
 *
 * @param <D> a datagram with its destination
 */
public final class Repeats<D> {
  /** How long the dialler waits for a first answer. */
  public static final int FIRST_MILLIS = 150;

  private static final List<Duration> PAUSES =
      List.of(Duration.ofMillis(FIRST_MILLIS), Duration.ofMillis(200), Duration.ofMillis(300));
  private static final int MAX_FLIGHT = 4;
  private static final int MAX_ACCEPTED = 256;

  private final Map<Object, Flight<D>> dialled = new HashMap<>();
  private final Map<Object, Answer<D>> accepted =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, Answer<D>> eldest) {
          return size() > MAX_ACCEPTED;
        }
      };

  private static final class Flight<D> {
    final List<D> datagrams = new ArrayList<>();
    Duration due = Duration.ZERO;
    int times;
  }

  private static final class Answer<D> {
    final long question;
    final List<D> datagrams = new ArrayList<>();
    int times;

    Answer(long question) {
      this.question = question;
    }
  }

  /** A handshake packet leaves on a connection that we dial; more than a few are not kept. */
  public void asked(Object connection, D datagram, Duration now) {
    var flight = dialled.computeIfAbsent(connection, _ -> new Flight<>());
    if (flight.datagrams.size() < MAX_FLIGHT && flight.times == 0) {
      flight.datagrams.add(datagram);
      flight.due = now.plus(PAUSES.getFirst());
    }
  }

  /** Something came on a connection that we dial: what was said so far has arrived. */
  public void answered(Object connection) {
    dialled.remove(connection);
  }

  /** The connection is over, or will never be. */
  public void forget(Object connection) {
    dialled.remove(connection);
  }

  /** When {@link #due} has something to send; empty if nothing waits. */
  public Optional<Duration> next() {
    return dialled.values().stream()
        .filter(flight -> flight.times < PAUSES.size())
        .map(flight -> flight.due)
        .min(Duration::compareTo);
  }

  /** What is to be sent again now. */
  public List<D> due(Duration now) {
    var again = new ArrayList<D>();
    for (var flight : dialled.values()) {
      if (flight.times < PAUSES.size() && flight.due.compareTo(now) <= 0) {
        again.addAll(flight.datagrams);
        flight.times++;
        if (flight.times < PAUSES.size()) {
          flight.due = now.plus(PAUSES.get(flight.times));
        }
      }
    }
    return again;
  }

  /**
   * An Initial of somebody who dials us has come.
   *
   * @param connection the id that the dialler has chosen for itself
   * @param question what tells this packet, and where it came from, from others
   * @return the answer that it had before, to be sent again instead of giving the packet to QUIC;
   *     empty if it is to be given to QUIC
   */
  public List<D> questioned(Object connection, long question) {
    var answer = accepted.get(connection);
    if (answer == null) {
      accepted.put(connection, new Answer<>(question));
      return List.of();
    }
    if (answer.question != question || answer.times >= PAUSES.size()) {
      return List.of();
    }
    answer.times++;
    return List.copyOf(answer.datagrams);
  }

  /** A handshake packet leaves for somebody who dials us. */
  public void replied(Object connection, D datagram) {
    @Nullable Answer<D> answer = accepted.get(connection);
    if (answer != null && answer.datagrams.size() < MAX_FLIGHT) {
      answer.datagrams.add(datagram);
    }
  }

  /** Whether a dialled connection waits for its first answer. */
  public boolean isWaiting() {
    return !dialled.isEmpty();
  }
}

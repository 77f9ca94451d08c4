package dev.cis.nat.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Questions of a STUN client over UDP that wait for their answers (RFC 8489 section 6.2.1): each is
 * sent again after RTO, then after twice as long, and so on, and given up some time after the last.
 * An answer counts when it has the question's transaction id and comes from where it must; the
 * first one ends the transaction, what comes later is ignored.
 */
public final class StunTransactions
    implements Machine<StunTransactions.Input, StunTransactions.Output> {
  /** Most questions that may wait at a time. */
  public static final int MOST = 256;

  /**
   * When a question is sent.
   *
   * @param rto before it is sent for the second time; the RFC wants 500 ms at least
   * @param requests how often it is sent (Rc)
   * @param last how many RTOs it waits after the last time (Rm)
   */
  public record Schedule(Duration rto, int requests, int last) {
    /** That of the RFC: 7 times, and given up after 39.5 s. */
    public static final Schedule PATIENT = new Schedule(Duration.ofMillis(500), 7, 16);

    /**
     * For somebody who looks on: at 0, 0.5, 1.5 and 3.5 s, given up after 5 s. With 5 % of the
     * packets lost each way one question of ten thousand gets no answer.
     */
    public static final Schedule BRISK = new Schedule(Duration.ofMillis(500), 4, 3);

    /** Checks the values. */
    public Schedule {
      if (rto.isNegative() || rto.isZero() || requests < 1 || requests > 16 || last < 1) {
        throw new IllegalArgumentException("a schedule of " + requests + " times " + rto);
      }
    }
  }

  /** What happens. */
  public sealed interface Input {}

  /**
   * A question is to be asked.
   *
   * @param id by which the answer names it; one that waits is replaced
   * @param message a request, encoded
   * @param from where the answer may come from
   */
  public record Ask(long id, Bytes message, Endpoint to, Set<Endpoint> from) implements Input {
    /** Copies the set. */
    public Ask {
      from = Set.copyOf(from);
    }

    /** A question whose answer comes from where it went. */
    public static Ask of(long id, Bytes message, Endpoint to) {
      return new Ask(id, message, to, Set.of(to));
    }
  }

  /** A datagram came. */
  public record Received(Bytes datagram, Endpoint from) implements Input {}

  /** Nobody wants the answer any more. */
  public record Forget(long id) implements Input {}

  /** What is to be done. */
  public sealed interface Output {}

  /** A datagram is to be sent. */
  public record Send(Bytes datagram, Endpoint to) implements Output {}

  /**
   * The answer, a success or an error.
   *
   * @param datagram its bytes, for whoever checks MESSAGE-INTEGRITY
   * @param rtt what it took; empty if the question was sent more than once, for nobody knows which
   *     of them was answered (Karn)
   */
  public record Answered(
      long id, StunMessage message, Bytes datagram, Endpoint from, Optional<Duration> rtt)
      implements Output {}

  /** There was no answer. */
  public record Silent(long id) implements Output {}

  private static final class Waiting {
    final Ask ask;
    final Bytes transaction;
    final Duration asked;
    int sent = 1;
    Duration next;

    Waiting(Ask ask, Duration asked, Duration next) {
      this.ask = ask;
      this.transaction = transactionOf(ask.message);
      this.asked = asked;
      this.next = next;
    }
  }

  private final Schedule schedule;
  private final Map<Long, Waiting> waiting = new LinkedHashMap<>();

  /** Nothing is asked yet. */
  public StunTransactions(Schedule schedule) {
    this.schedule = schedule;
  }

  private static Bytes transactionOf(Bytes message) {
    return StunMessage.decode(message.toByteArray()).transaction();
  }

  @Override
  public void on(Now now, Input input, Consumer<Output> out) {
    switch (input) {
      case Ask ask -> ask(now.uptime(), ask, out);
      case Received received -> received(now.uptime(), received, out);
      case Forget(var id) -> waiting.remove(id);
    }
  }

  private void ask(Duration uptime, Ask ask, Consumer<Output> out) {
    if (waiting.size() >= MOST && !waiting.containsKey(ask.id)) {
      out.accept(new Silent(ask.id));
      return;
    }
    waiting.put(ask.id, new Waiting(ask, uptime, uptime.plus(pause(1))));
    out.accept(new Send(ask.message, ask.to));
  }

  /** How long to wait after the n-th time. */
  private Duration pause(int sent) {
    return schedule.rto.multipliedBy(sent == schedule.requests ? schedule.last : 1L << (sent - 1));
  }

  private void received(Duration uptime, Received received, Consumer<Output> out) {
    StunMessage message;
    try {
      message = StunMessage.decode(received.datagram.toByteArray());
    } catch (Fault e) {
      return; // anybody may send anything
    }
    if (message.kind() != StunMessage.Kind.SUCCESS && message.kind() != StunMessage.Kind.ERROR) {
      return;
    }
    var found =
        waiting.values().stream()
            .filter(one -> one.transaction.equals(message.transaction()))
            .filter(one -> one.ask.from.contains(received.from))
            .findFirst();
    found.ifPresent(one -> {
      waiting.remove(one.ask.id);
      var rtt = one.sent == 1 ? Optional.of(uptime.minus(one.asked)) : Optional.<Duration>empty();
      out.accept(new Answered(one.ask.id, message, received.datagram, received.from, rtt));
    });
  }

  @Override
  public void tick(Now now, Consumer<Output> out) {
    // What is done may ask again: only what waits now is looked at.
    for (var one : waiting.values().toArray(Waiting[]::new)) {
      if (one.next.compareTo(now.uptime()) > 0) {
        continue;
      }
      if (one.sent == schedule.requests) {
        waiting.remove(one.ask.id);
        out.accept(new Silent(one.ask.id));
      } else {
        one.sent++;
        one.next = now.uptime().plus(pause(one.sent));
        out.accept(new Send(one.ask.message, one.ask.to));
      }
    }
  }

  @Override
  public Duration wakeAt() {
    return waiting.values().stream().map(one -> one.next).min(Duration::compareTo).orElse(NEVER);
  }

  /** Whether nothing waits. */
  public boolean isIdle() {
    return waiting.isEmpty();
  }
}

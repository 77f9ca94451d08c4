package dev.cis.transport;

import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Who may pass a bandwidth limit next: interactive before bulk, and those alike in the order in
 * which they came. Since each passes with a small piece and queues again for its next, those alike
 * share evenly. Pure: time is passed in. Not thread-safe.
 */
final class Shaper {
  /** A place in the queue. */
  static final class Ticket implements Comparable<Ticket> {
    private final Priority priority;
    private final long number;

    private Ticket(Priority priority, long number) {
      this.priority = priority;
      this.number = number;
    }

    @Override
    public int compareTo(Ticket other) {
      int byPriority = priority.compareTo(other.priority);
      return byPriority != 0 ? byPriority : Long.compare(number, other.number);
    }
  }

  private final TokenBucket bucket;
  private final TreeSet<Ticket> queue = new TreeSet<>();
  private long issued;

  Shaper(TokenBucket bucket) {
    this.bucket = bucket;
  }

  TokenBucket bucket() {
    return bucket;
  }

  Ticket enter(Priority priority) {
    var ticket = new Ticket(priority, issued++);
    queue.add(ticket);
    return ticket;
  }

  /** Whose turn it is, null if nobody waits. */
  @Nullable Ticket first() {
    return queue.isEmpty() ? null : queue.first();
  }

  /** In how many nanoseconds the ticket may pass if nobody overtakes; 0 now. */
  long waits(Ticket ticket, long now) {
    return ticket.equals(first()) ? bucket.readyIn(now) : Long.MAX_VALUE;
  }

  /** Passes with so many bytes, and leaves the queue. */
  void pass(Ticket ticket, long bytes, long now) {
    queue.remove(ticket);
    bucket.take(bytes, now);
  }

  /** Gives the place up. */
  void leave(Ticket ticket) {
    queue.remove(ticket);
  }
}

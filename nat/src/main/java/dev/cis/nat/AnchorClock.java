package dev.cis.nat;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.nat.proto.ClockMessage;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

/**
 * Compares our wall clock with an anchor's. An anchor tells its own on an authenticated connection;
 * when it did so is known to half a round trip (as in Cristian's algorithm, 1989). One anchor may
 * be wrong; what several agree on is our own error.
 */
public final class AnchorClock {
  /** What is spoken: the asker says nothing, the anchor answers with a {@link ClockMessage}. */
  public static final ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/clock/1.0");

  private static final Duration WITHIN = Duration.ofSeconds(10);

  private AnchorClock() {}

  /**
   * How far another clock is from ours.
   *
   * @param ahead what it says more than ours; negative if ours is ahead
   * @param error by how much that may be wrong, either way
   */
  public record Skew(Duration ahead, Duration error) {}

  /** Tells every linked peer the time; closing the answer ends that. */
  public static Swarm.Registration serve(Swarm swarm, Supplier<Now> clock) {
    return swarm.handleSystem(PROTOCOL, stream -> tell(stream, clock));
  }

  private static void tell(Stream stream, Supplier<Now> clock) {
    stream.deadline(WITHIN);
    var _ = stream.receive(ClockMessage.MAX_BYTES);
    stream.send(ClockMessage.CODEC.encode(new ClockMessage(clock.get().wall().toEpochMilli())));
    stream.finish();
  }

  /**
   * Asks an anchor.
   *
   * @throws Fault {@code transport.no-protocol} if that node is no anchor or an older one, and
   *     others of the connection
   */
  public static Skew ask(Swarm swarm, NodeId anchor, Supplier<Now> clock, Duration within) {
    try (var stream = swarm.openSystem(anchor, PROTOCOL, within)) {
      var before = clock.get();
      stream.finish();
      byte[] answer = stream.receive(ClockMessage.MAX_BYTES);
      var after = clock.get();
      if (answer == null) {
        stream.reset(Kind.INVALID);
        throw new Fault(NatCode.BAD_QUESTION, anchor.brief() + " did not tell the time");
      }
      var told = Instant.ofEpochMilli(ClockMessage.CODEC.decode(answer).millis());
      var half = after.uptime().minus(before.uptime()).dividedBy(2);
      // By our uptime, so that a clock that is set meanwhile does no harm.
      return new Skew(Duration.between(before.wall().plus(half), told), half);
    }
  }
}

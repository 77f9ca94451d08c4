package dev.cis.nat;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.DialBackMessage;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.Swarm;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Asks an anchor to send us a datagram, and looks whether it comes. */
public final class DialBack {
  /** What is spoken. */
  public static final ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/dialback/1.0");

  /** What a question has shown. */
  public enum Verdict {
    /** The datagram came: others can reach us at that address. */
    REACHED,
    /** It was sent and did not come, three times: a router or firewall keeps others out. */
    SILENT,
    /** We asked too often; nothing is known. */
    TOO_OFTEN,
    /** The anchor has no way to such an address; nothing is known. */
    IMPOSSIBLE
  }

  /**
   * What came of it.
   *
   * @param seen our address as the anchor sees it, with the port that was asked for
   */
  public record Result(Verdict verdict, String seen) {}

  private final Swarm swarm;
  private final Datagrams datagrams;
  private final SecureRandom random = new SecureRandom();

  /** Questions by way of this swarm, whose socket hands over its datagrams to these. */
  public DialBack(Swarm swarm, Datagrams datagrams) {
    this.swarm = swarm;
    this.datagrams = datagrams;
  }

  /**
   * Asks one anchor about one port of our address as it sees us.
   *
   * @param wait how long the datagram may take once it was sent
   * @throws Fault {@code transport.no-protocol} if that node is no anchor, and others of the
   *     connection
   */
  public Result ask(NodeId anchor, int port, Duration wait) {
    var bytes = new byte[DialBackMessage.NONCE_BYTES];
    random.nextBytes(bytes);
    var nonce = Bytes.of(bytes);
    var arrival = datagrams.expect(nonce);
    try (var stream = swarm.openSystem(anchor, PROTOCOL, wait.multipliedBy(2))) {
      stream.send(DialBackMessage.QUESTION.encode(new DialBackMessage.Question(nonce, port)));
      stream.finish();
      byte[] answer = stream.receive(DialBackMessage.MAX_BYTES);
      if (answer == null) {
        stream.reset(Kind.INVALID);
        throw new Fault(NatCode.BAD_QUESTION, anchor.brief() + " gave no answer");
      }
      var said = DialBackMessage.ANSWER.decode(answer);
      return new Result(
          switch (said.outcome()) {
            case SENT -> came(arrival, wait) ? Verdict.REACHED : Verdict.SILENT;
            case TOO_OFTEN -> Verdict.TOO_OFTEN;
            case IMPOSSIBLE -> Verdict.IMPOSSIBLE;
          },
          said.seen());
    } finally {
      datagrams.forget(nonce);
    }
  }

  private static boolean came(java.util.concurrent.Future<?> arrival, Duration wait) {
    try {
      var _ = arrival.get(wait.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException | ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}

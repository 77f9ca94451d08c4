package dev.cis.nat.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Answers STUN binding requests (RFC 8489 section 6.3.1): where did this packet come from? Knows
 * nobody and keeps nothing but how often it was asked from where. An answer has 12 bytes more than
 * the shortest question (IPv6: 24), so it is a poor means to flood a third party; what one network
 * gets in a second is limited all the same.
 */
public final class StunServer {
  /** Attributes from here on may be passed over by whoever does not know them. */
  private static final int OPTIONAL = 0x8000;

  private static final int UNKNOWN_ATTRIBUTE = 420;

  /** Those that a plain question may have though they are not needed to answer it. */
  private static final List<Integer> UNDERSTOOD =
      List.of(0x0006, StunMessage.MESSAGE_INTEGRITY, 0x001C, 0x0024, 0x0025);

  private final Rates<Bytes> rates;
  private long answered;
  private long refused;
  private long malformed;

  /**
   * A server.
   *
   * @param perSecond answers for one network (/24, IPv6 /56) in a second
   * @param networks how many networks are remembered
   */
  public StunServer(int perSecond, int networks) {
    this.rates = new Rates<>(perSecond, 2L * perSecond, networks);
  }

  /** The answer to a datagram; empty if there is none to be given. */
  public Optional<byte[]> answer(Duration uptime, byte[] datagram, Endpoint from) {
    StunMessage question;
    try {
      question = StunMessage.decode(datagram);
    } catch (Fault e) {
      malformed++;
      return Optional.empty();
    }
    if (question.method() != StunMessage.BINDING || question.kind() != StunMessage.Kind.REQUEST) {
      return Optional.empty(); // an indication wants no answer, and we asked nobody
    }
    if (!rates.take(from.subnet(), uptime)) {
      refused++;
      return Optional.empty();
    }
    answered++;
    boolean fingerprint = question.attribute(StunMessage.FINGERPRINT).isPresent();
    return Optional.of(reply(question, from).encode(fingerprint));
  }

  private static StunMessage reply(StunMessage question, Endpoint from) {
    var unknown =
        question.attributes().stream()
            .map(StunMessage.Attribute::type)
            .filter(type -> type < OPTIONAL && !UNDERSTOOD.contains(type))
            .distinct()
            .toList();
    if (unknown.isEmpty()) {
      return new StunMessage(
          StunMessage.BINDING,
          StunMessage.Kind.SUCCESS,
          question.transaction(),
          List.of(StunMessage.xorMapped(from, question.transaction())));
    }
    var types = ByteBuffer.allocate(2 * unknown.size());
    unknown.forEach(type -> types.putShort(type.shortValue()));
    byte[] code = {0, 0, UNKNOWN_ATTRIBUTE / 100, UNKNOWN_ATTRIBUTE % 100};
    return new StunMessage(
        StunMessage.BINDING,
        StunMessage.Kind.ERROR,
        question.transaction(),
        List.of(
            new StunMessage.Attribute(StunMessage.ERROR_CODE, Bytes.of(code)),
            new StunMessage.Attribute(StunMessage.UNKNOWN_ATTRIBUTES, Bytes.of(types.array()))));
  }

  /** Questions that were answered. */
  public long answered() {
    return answered;
  }

  /** Questions that came too often. */
  public long refused() {
    return refused;
  }

  /** Datagrams that were no STUN message. */
  public long malformed() {
    return malformed;
  }
}

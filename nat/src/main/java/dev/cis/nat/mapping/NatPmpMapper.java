package dev.cis.nat.mapping;

import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.LeaseInput;
import dev.cis.nat.proto.LeaseInput.Refusal;
import dev.cis.nat.proto.MappingProtocol;
import dev.cis.nat.proto.NatPmp;
import dev.cis.nat.proto.NatPmp.Answer;
import java.time.Duration;
import java.util.Optional;

/** NAT-PMP at one router. */
final class NatPmpMapper implements Mapper {
  private static final int TIMES = 4;

  private final GatewaySocket socket;
  private final int internalPort;

  NatPmpMapper(Gateway gateway, int serverPort, int internalPort) {
    this.socket = new GatewaySocket(gateway, serverPort);
    this.internalPort = internalPort;
  }

  static NatPmpMapper of(Gateway gateway, int internalPort) {
    return new NatPmpMapper(gateway, NatPmp.PORT, internalPort);
  }

  @Override
  public LeaseInput ask(int externalPort, Duration life) {
    var outside =
        socket.ask(
            NatPmp.addressQuestion(), TIMES, bytes -> cast(bytes, Answer.ExternalAddress.class));
    if (outside.isEmpty()) {
      return Outcomes.silent(MappingProtocol.NAT_PMP);
    }
    var ip = outside.get().ip();
    if (outside.get().result() != 0) {
      return refused(outside.get().result(), Bytes.EMPTY);
    }
    var mapped = map(externalPort, life, TIMES);
    if (mapped.isEmpty()) {
      return Outcomes.silent(MappingProtocol.NAT_PMP);
    }
    var m = mapped.get();
    return m.result() != 0
        ? refused(m.result(), ip)
        : Outcomes.granted(MappingProtocol.NAT_PMP, ip, m.externalPort(), m.life(), m.epoch());
  }

  /** Asking again is the check: the router tells what it has, and makes what it has lost. */
  @Override
  public LeaseInput check(int externalPort, Duration life) {
    return ask(externalPort, life);
  }

  @Override
  public void release(int externalPort) {
    var _ = map(externalPort, Duration.ZERO, 2);
  }

  private Optional<Answer.Mapped> map(int externalPort, Duration life, int times) {
    return socket.ask(
        NatPmp.mapQuestion(internalPort, externalPort, life),
        times,
        bytes ->
            cast(bytes, Answer.Mapped.class)
                .filter(m -> m.result() != 0 || m.internalPort() == internalPort));
  }

  private static <T> Optional<T> cast(byte[] bytes, Class<T> wanted) {
    return Optional.of(NatPmp.decode(bytes)).filter(wanted::isInstance).map(wanted::cast);
  }

  private static LeaseInput refused(int result, Bytes outside) {
    return Outcomes.refused(
        MappingProtocol.NAT_PMP,
        Refusal.DENIED,
        "the router refuses: " + NatPmp.meaning(result),
        outside);
  }
}

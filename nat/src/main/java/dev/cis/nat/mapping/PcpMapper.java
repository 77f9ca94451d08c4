package dev.cis.nat.mapping;

import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.LeaseInput;
import dev.cis.nat.proto.LeaseInput.Refusal;
import dev.cis.nat.proto.MappingProtocol;
import dev.cis.nat.proto.NatPmp;
import dev.cis.nat.proto.Pcp;
import java.time.Duration;
import java.util.Optional;

/** PCP at one router. */
final class PcpMapper implements Mapper {
  private static final int TIMES = 4;
  private static final int CANNOT_PROVIDE = 11;

  private final GatewaySocket socket;
  private final Bytes client;
  private final Bytes nonce;
  private final int internalPort;

  PcpMapper(Gateway gateway, int serverPort, Bytes nonce, int internalPort) {
    this.socket = new GatewaySocket(gateway, serverPort);
    this.client = Bytes.of(gateway.local().getAddress());
    this.nonce = nonce;
    this.internalPort = internalPort;
  }

  static PcpMapper of(Gateway gateway, Bytes nonce, int internalPort) {
    return new PcpMapper(gateway, NatPmp.PORT, nonce, internalPort);
  }

  @Override
  public LeaseInput ask(int externalPort, Duration life) {
    return exchange(externalPort, life, TIMES)
        .map(PcpMapper::read)
        .orElseGet(() -> Outcomes.silent(MappingProtocol.PCP));
  }

  /** Asking again is the check: the router tells what it has, and makes what it has lost. */
  @Override
  public LeaseInput check(int externalPort, Duration life) {
    return ask(externalPort, life);
  }

  @Override
  public void release(int externalPort) {
    var _ = exchange(externalPort, Duration.ZERO, 2);
  }

  private Optional<Pcp.Answer> exchange(int externalPort, Duration life, int times) {
    var question = new Pcp.Question(life, client, nonce, internalPort, externalPort);
    return socket.ask(
        question.encode(),
        times,
        bytes -> Optional.of(Pcp.decode(bytes)).filter(answer -> answer.answers(question)));
  }

  private static LeaseInput read(Pcp.Answer answer) {
    if (answer.version() != 2) {
      return Outcomes.refused(MappingProtocol.PCP, Refusal.SILENT, "the router does not speak PCP");
    }
    if (answer.result() != 0) {
      return Outcomes.refused(
          MappingProtocol.PCP,
          answer.result() == CANNOT_PROVIDE ? Refusal.TAKEN : Refusal.DENIED,
          "the router refuses: " + Pcp.meaning(answer.result()));
    }
    return Outcomes.granted(
        MappingProtocol.PCP,
        answer.externalIp(),
        answer.externalPort(),
        answer.life(),
        answer.epoch());
  }
}

package dev.cis.nat;

import dev.cis.nat.proto.ClockMessage;
import dev.cis.nat.proto.DialBackMessage;
import dev.cis.nat.proto.NatPmp;
import dev.cis.nat.proto.Pcp;
import dev.cis.nat.proto.StunMessage;
import dev.cis.nat.proto.TurnFrames;
import dev.cis.nat.proto.TurnMessage;
import dev.cis.sim.Decoders;
import java.util.Map;
import java.util.function.Consumer;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.of(
        "stun",
        bytes -> StunMessage.decode(bytes).mapped(),
        "dial-back-question",
        Decoders.of(DialBackMessage.QUESTION),
        "dial-back-answer",
        Decoders.of(DialBackMessage.ANSWER),
        "clock-answer",
        Decoders.of(ClockMessage.CODEC),
        "turn-frames",
        bytes -> new TurnFrames().read(bytes, _ -> {}),
        "channel-data",
        bytes -> TurnMessage.ChannelData.decode(bytes),
        "nat-pmp",
        bytes -> NatPmp.decode(bytes).result(),
        "pcp",
        bytes -> Pcp.decode(bytes).result());
  }
}

package dev.cis.nat;

import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.ClockMessage;
import dev.cis.nat.proto.DialBackMessage;
import dev.cis.nat.proto.NatPmp;
import dev.cis.nat.proto.Pcp;
import dev.cis.nat.proto.PunchMessage;
import dev.cis.nat.proto.RelayMessage;
import dev.cis.nat.proto.StunMessage;
import dev.cis.nat.proto.TurnFrames;
import dev.cis.nat.proto.TurnMessage;
import dev.cis.sim.Decoders;
import java.util.Map;
import java.util.function.Consumer;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  private static final Bytes NO_KEY = Bytes.of(new byte[PunchMessage.KEY_BYTES]);

  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.ofEntries(
        entry("stun", bytes -> StunMessage.decode(bytes).mapped()),
        entry("dial-back-question", Decoders.of(DialBackMessage.QUESTION)),
        entry("dial-back-answer", Decoders.of(DialBackMessage.ANSWER)),
        entry("clock-answer", Decoders.of(ClockMessage.CODEC)),
        entry("turn-frames", bytes -> new TurnFrames().read(bytes, _ -> {})),
        entry("channel-data", bytes -> TurnMessage.ChannelData.decode(bytes)),
        entry("nat-pmp", bytes -> NatPmp.decode(bytes).result()),
        entry("pcp", bytes -> Pcp.decode(bytes).result()),
        entry("relay", Decoders.of(RelayMessage.CODEC)),
        entry("punch-offer", Decoders.of(PunchMessage.OFFER)),
        entry(
            "punch-probe",
            bytes ->
                PunchMessage.decode(bytes, NO_KEY)
                    .ifPresent(probe -> PunchMessage.encode(probe, NO_KEY))));
  }

  private static Map.Entry<String, Consumer<byte[]>> entry(String name, Consumer<byte[]> target) {
    return Map.entry(name, target);
  }
}

package dev.cis.gossip.proto;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sim.Decoders;
import java.time.Instant;
import java.util.Map;
import java.util.function.Consumer;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  /** Stands for every rumour, so that frames without a good signature are read to their end. */
  private static final Rumour RUMOUR =
      Rumour.sign(
          KeyPair.ofSeed(new byte[32]),
          RumourId.sequenceAt(Instant.parse("2026-11-21T00:00:00Z")),
          "lab.news.test.v1",
          Bytes.utf8("hello"),
          8,
          1);

  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.ofEntries(
        Map.entry("frame", Decoders.of(GossipFrame.codec(_ -> RUMOUR))),
        Map.entry("rumour", Decoders.of(Rumour.BODY)));
  }
}

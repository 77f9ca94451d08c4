package dev.cis.blobs;

import dev.cis.sim.Decoders;
import java.util.Map;
import java.util.function.Consumer;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.ofEntries(
        Map.entry("request", Decoders.of(BlobMessage.Request.CODEC)),
        Map.entry("answer", Decoders.of(BlobMessage.Answer.CODEC)),
        Map.entry("chunk-list", Decoders.of(ChunkList.CODEC)));
  }
}

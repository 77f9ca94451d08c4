package dev.cis.sync.proto;

import dev.cis.sim.Decoders;
import java.util.Map;
import java.util.function.Consumer;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.ofEntries(
        Map.entry("message", Decoders.of(SyncMessage.CODEC)),
        Map.entry("push", Decoders.of(Push.CODEC)),
        Map.entry("entry", Decoders.of(EntryBody.CODEC)),
        Map.entry("version-vector", Decoders.of(VersionCodec.CODEC)),
        Map.entry("ranges", RangesCodec::decode));
  }
}

package dev.cis.dht;

import dev.cis.dht.proto.DhtMessage;
import dev.cis.dht.proto.ItemCodec;
import dev.cis.sim.Decoders;
import java.util.Map;
import java.util.function.Consumer;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.ofEntries(
        Map.entry("stored-table", Decoders.of(StoredState.CODEC)),
        Map.entry("item", Decoders.of(ItemCodec.ITEM)),
        Map.entry("request", Decoders.of(DhtMessage.REQUEST)),
        Map.entry("response", Decoders.of(DhtMessage.RESPONSE)));
  }
}

package dev.cis.transport;

import dev.cis.sim.Decoders;
import java.util.Map;
import java.util.function.Consumer;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.ofEntries(
        Map.entry("stream-header", Decoders.of(StreamHeader.CODEC)),
        Map.entry("stream-answer", Decoders.of(StreamAnswer.CODEC)),
        Map.entry("peer-record", Decoders.of(PeerRecord.CODEC)),
        Map.entry("introduction", Decoders.of(Introduction.CODEC)),
        Map.entry("call-frame", Decoders.of(CallFrame.CODEC)),
        Map.entry("bandwidth-rule", Decoders.ofText(Bandwidth.Rule::parse)),
        Map.entry("blocks", BlockReaderTest::unpacked),
        Map.entry("greeting", Decoders.of(Greeting.CODEC)),
        Map.entry("book-entry", Decoders.of(PeerFile.ENTRY)),
        Map.entry("book-file", PeerFile::decode),
        Map.entry("address", Decoders.ofText(Address::parse)),
        Map.entry("locator", Decoders.ofText(PeerLocator::parse)),
        Map.entry("protocol-id", Decoders.ofText(ProtocolId::parse)));
  }
}

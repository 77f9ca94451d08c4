package dev.cis.deploy.proto;

import dev.cis.sim.Decoders;
import java.util.Map;
import java.util.function.Consumer;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.ofEntries(
        Map.entry("order", Decoders.of(DeployOrder.CODEC)),
        Map.entry("command", Decoders.of(AppCommand.CODEC)),
        Map.entry("command-answer", Decoders.of(AppCommand.Answer.CODEC)),
        Map.entry("log-record", Decoders.of(LogRecord.CODEC)),
        Map.entry("app-record", Decoders.of(AppRecord.CODEC)),
        Map.entry("selector", Decoders.of(SelectorCodec.CODEC)),
        Map.entry("selector-text", Decoders.ofText(Selector::labels)));
  }
}

package dev.cis.deploy.trust;

import dev.cis.sim.Decoders;
import java.util.Map;
import java.util.function.Consumer;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.ofEntries(
        Map.entry("verifying-key", Decoders.ofText(text -> VerifyingKey.parse(text, "fuzz"))),
        Map.entry("publisher-key", Decoders.ofText(text -> PublisherKey.parse(text, "fuzz"))));
  }
}

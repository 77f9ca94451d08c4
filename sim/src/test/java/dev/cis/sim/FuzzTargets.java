package dev.cis.sim;

import dev.cis.kernel.identity.Did;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.PublicKey;
import java.util.Map;
import java.util.function.Consumer;

/** Decoders of the kernel. What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.ofEntries(
        Map.entry("node-id", Decoders.ofText(NodeId::parse)),
        Map.entry("did", Decoders.ofText(Did::parse)),
        Map.entry("public-key", Decoders.ofText(PublicKey::parse)));
  }
}

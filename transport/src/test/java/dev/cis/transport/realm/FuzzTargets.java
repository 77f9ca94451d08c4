package dev.cis.transport.realm;

import dev.cis.sim.Decoders;
import java.util.Map;
import java.util.function.Consumer;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.ofEntries(
        Map.entry("charter", Decoders.of(Charter.CODEC)),
        Map.entry("grant", Decoders.of(Grant.CODEC)),
        Map.entry("document", Decoders.of(RealmDocument.CODEC)),
        Map.entry("signed-document", Decoders.of(RealmDocument.SIGNED)),
        Map.entry("news", Decoders.of(RealmNews.CODEC)),
        Map.entry("membership", Decoders.of(Membership.CODEC)),
        Map.entry("realm-file", Decoders.of(RealmFile.CODEC)),
        Map.entry("invitation", Decoders.of(Invitation.CODEC)),
        Map.entry("invitation-text", Decoders.ofText(Invitation::parse)));
  }
}

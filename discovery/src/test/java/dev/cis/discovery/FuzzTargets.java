package dev.cis.discovery;

import dev.cis.sim.Decoders;
import java.util.Map;
import java.util.function.Consumer;
import javax.jmdns.ServiceInfo;

/** What a fuzzer and the corpus give bytes to. */
public final class FuzzTargets implements Decoders {
  @Override
  public Map<String, Consumer<byte[]>> decoders() {
    return Map.of("lan-text", FuzzTargets::text);
  }

  /** The TXT records of a service on the LAN. */
  private static void text(byte[] bytes) {
    var info = ServiceInfo.create(LanAnnouncement.TYPE, "x", 7677, 0, 0, bytes);
    var _ = LanAnnouncement.read(info, null);
  }
}

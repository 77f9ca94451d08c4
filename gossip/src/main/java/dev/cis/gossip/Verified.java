package dev.cis.gossip;

import dev.cis.gossip.proto.Rumour;
import dev.cis.kernel.wire.Bytes;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Verifies rumours and remembers which were right, for each arrives over several links and a
 * signature costs a hundred microseconds. Thread-safe.
 */
final class Verified {
  private static final int MAX_RUMOURS = 4_096;
  private static final int MAX_BYTES = 4 * 1024 * 1024;

  private final LinkedHashMap<Bytes, Rumour> rumours = new LinkedHashMap<>();
  private int bytes;

  Rumour verify(Bytes signed) {
    var known = find(signed);
    if (known != null) {
      return known;
    }
    var rumour = Rumour.verified(signed);
    remember(rumour);
    return rumour;
  }

  private synchronized @Nullable Rumour find(Bytes signed) {
    return rumours.get(signed);
  }

  private synchronized void remember(Rumour rumour) {
    if (rumours.putIfAbsent(rumour.signed(), rumour) != null) {
      return;
    }
    bytes += rumour.signed().size();
    while (rumours.size() > MAX_RUMOURS || bytes > MAX_BYTES) {
      bytes -= rumours.pollFirstEntry().getKey().size();
    }
  }
}

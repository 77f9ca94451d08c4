package dev.cis.sync.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.NodeId;
import org.jspecify.annotations.Nullable;

/** Which writes are admitted, beyond a right signature. */
@FunctionalInterface
public interface Admission {
  /** Only what every node must check: {@code node/<NodeId>/...} is written by that node alone. */
  Admission BASIC = Admission::refuseForeignNodeKey;

  /** Null to admit, else why not. */
  @Nullable String refuse(EntryBody body);

  private static @Nullable String refuseForeignNodeKey(EntryBody body) {
    return refuseNodeKey(body.key(), body.author());
  }

  /** The rule of {@code node/} keys. */
  static @Nullable String refuseNodeKey(String key, NodeId author) {
    String space = "node/";
    if (!key.startsWith(space)) {
      return null;
    }
    int end = key.indexOf('/', space.length());
    var name = key.substring(space.length(), end < 0 ? key.length() : end);
    try {
      if (end > 0 && NodeId.parse(name).equals(author) && name.equals(author.toString())) {
        return null;
      }
    } catch (Fault e) {
      return "keys under node/ go on with a NodeId: " + e.getMessage();
    }
    return "only node " + name + " itself may write keys under node/" + name + "/";
  }
}

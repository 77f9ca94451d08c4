package dev.cis.sync;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sync.proto.Admission;
import dev.cis.sync.proto.EntryBody;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All guards of public keys. First of all the author must not be shut out, whoever passes the entry
 * on; then comes the rule of {@code node/}.
 */
final class Guards implements Admission {
  private static final Logger LOG = LoggerFactory.getLogger(Guards.class);

  private record Guarded(String prefix, Memory.Guard guard) {}

  private final List<Guarded> guards = new CopyOnWriteArrayList<>();
  private final Predicate<NodeId> admitsAuthor;

  Guards(Predicate<NodeId> admitsAuthor) {
    this.admitsAuthor = admitsAuthor;
  }

  void add(String prefix, Memory.Guard guard) {
    guards.add(new Guarded(prefix, guard));
  }

  @Override
  public @Nullable String refuse(EntryBody body) {
    return refuse(body.key(), body.value(), body.author(), body.deleted());
  }

  @Nullable String refuse(String key, Bytes value, NodeId author, boolean deleted) {
    if (!admitsAuthor.test(author)) {
      return "its author " + author.brief() + " is revoked or denied";
    }
    var why = Admission.refuseNodeKey(key, author);
    for (var guarded : guards) {
      if (why == null && key.startsWith(guarded.prefix)) {
        why = ask(guarded, key, value, author, deleted);
      }
    }
    return why;
  }

  private static @Nullable String ask(
      Guarded guarded, String key, Bytes value, NodeId author, boolean deleted) {
    try {
      return guarded.guard.refuse(key, value, author, deleted);
    } catch (RuntimeException e) {
      LOG.warn("event=memory-guard-failed prefix={} key={}", guarded.prefix, key, e);
      return "the guard of " + guarded.prefix + " failed: " + e.getMessage();
    }
  }
}

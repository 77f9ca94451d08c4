package dev.cis.transport;

import dev.cis.kernel.time.Uptime;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * The file descriptors of this process (Linux: proc(5), {@code /proc/self/limits}). Counting them
 * means listing a directory, so that is done at most once a second. Elsewhere there is no limit.
 */
final class OpenFiles {
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final File OPEN = new File("/proc/self/fd");
  private static final Pattern SOFT = Pattern.compile("(?m)^Max open files\\s+(\\d+)");
  private static final long MAX_AGE_MILLIS = 1_000;

  private final Sampled quota;
  private volatile long counted;
  private volatile long countedAt = Long.MIN_VALUE;

  /** Registers the limit: that of the process, less what is reserved. */
  OpenFiles(Usage usage, int reserved) {
    quota =
        usage.add(
            new Sampled(
                "open files", "transport.reserved_files", "files", limit(reserved), this::count));
  }

  private static long limit(int reserved) {
    try {
      var found = SOFT.matcher(Files.readString(LIMITS));
      return found.find() ? Math.max(0, Long.parseLong(found.group(1)) - reserved) : Long.MAX_VALUE;
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }

  private long count() {
    long now = Uptime.CLOCK.now().uptime().toMillis();
    if (countedAt == Long.MIN_VALUE || now - countedAt > MAX_AGE_MILLIS) {
      countedAt = now;
      var names = OPEN.list();
      counted = names == null ? 0 : names.length;
    }
    return counted;
  }

  /** Whether only the reserve is left. */
  boolean areScarce() {
    return count() >= quota.limit();
  }

  Quota quota() {
    return quota;
  }
}

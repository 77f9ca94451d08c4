package dev.cis.deploy.proto;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which log lines are wanted.
 *
 * @param app of which application
 * @param streams of which streams
 * @param since not older than this; null for all that is kept
 * @param until not newer than this; null for no end
 * @param tail at most so many of the newest lines that exist already; negative for all
 * @param grep a regular expression ({@link java.util.regex.Pattern}) found in the line; empty for
 *     all lines
 * @param follow whether to go on with lines as they are written
 */
public record LogQuery(
    String app,
    Set<LogStream> streams,
    @Nullable Instant since,
    @Nullable Instant until,
    int tail,
    String grep,
    boolean follow) {
  /** Longest expression in bytes. */
  public static final int MAX_GREP = 512;

  /** Copies the set; none means all. */
  public LogQuery {
    streams = streams.isEmpty() ? Set.of(LogStream.values()) : Set.copyOf(streams);
  }

  /** All lines there are of an application's output. */
  public static LogQuery all(String app) {
    return new LogQuery(app, Set.of(), null, null, -1, "", false);
  }

  /** The same, going on with new lines. */
  public LogQuery following() {
    return new LogQuery(app, streams, since, until, tail, grep, true);
  }
}

package dev.cis.deploy.proto;

import dev.cis.kernel.wire.Codec;
import java.time.Instant;

/** One piece of a log on its way to a reader. */
public sealed interface LogRecord {
  /** Largest encoding in bytes. */
  int MAX_BYTES = LogRecordCodec.MAX_BYTES;

  /** Records follow one another on {@code /cis/sys/logs/1.0} until one is an end. */
  Codec<LogRecord> CODEC = new LogRecordCodec();

  /**
   * A line.
   *
   * @param stream where it was written
   * @param at when it was seen in the file, by the node's clock
   * @param text without the line end; at most 64 KiB, longer lines are cut and marked
   */
  record Line(LogStream stream, Instant at, String text) implements LogRecord {}

  /**
   * Something is missing here.
   *
   * @param at about when
   * @param what in words: {@code 1,024 bytes rotated away}, {@code connection lost}
   */
  record Gap(Instant at, String what) implements LogRecord {}

  /**
   * Nothing more will come.
   *
   * @param exitStatus how the application ended, 128 + signal if by a signal; -1 when that is not
   *     known or it still runs
   * @param reason in words
   */
  record End(int exitStatus, String reason) implements LogRecord {}
}

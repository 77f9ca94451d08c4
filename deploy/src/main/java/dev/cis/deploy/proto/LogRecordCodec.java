package dev.cis.deploy.proto;

import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.time.Instant;

/**
 * <pre>
 * message LogRecord {
 *   uint32 kind = 1; // 1 line, 2 gap, 3 end
 *   uint32 stream = 2; // of a line: 1 stdout, 2 stderr, 3 events
 *   uint64 at = 3; // ms since 1970
 *   string text = 4; sint64 exit_status = 5;
 * }
 * </pre>
 */
final class LogRecordCodec implements Codec<LogRecord> {
  /** A line of 64 KiB, of which each byte may be no UTF-8 and become three, and a mark. */
  private static final int MAX_TEXT = 3 * 64 * 1024 + 64;

  static final int MAX_BYTES = MAX_TEXT + 64;

  @Override
  public void write(WireWriter out, LogRecord record) {
    switch (record) {
      case LogRecord.Line(var stream, var at, var text) ->
          out.uint(1, 1).uint(2, stream.number).uint(3, at.toEpochMilli()).string(4, text);
      case LogRecord.Gap(var at, var what) ->
          out.uint(1, 2).uint(3, at.toEpochMilli()).string(4, what);
      case LogRecord.End(var status, var reason) ->
          out.uint(1, 3).string(4, reason).sint(5, status);
    }
  }

  @Override
  public LogRecord read(WireReader in) {
    int kind = 0;
    int stream = 1;
    long at = 0;
    var text = "";
    long status = 0;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> kind = in.uint(255);
        case 2 -> stream = in.uint(255);
        case 3 -> at = in.uint(Long.MAX_VALUE);
        case 4 -> text = in.string(MAX_TEXT);
        case 5 -> status = in.sint();
        default -> in.skip();
      }
    }
    var when = Instant.ofEpochMilli(at);
    return switch (kind) {
      case 1 -> new LogRecord.Line(LogStream.of(stream), when, text);
      case 2 -> new LogRecord.Gap(when, text);
      case 3 -> new LogRecord.End(Math.toIntExact(status), text);
      default -> throw new IllegalArgumentException("a log record is a line, a gap or the end");
    };
  }
}

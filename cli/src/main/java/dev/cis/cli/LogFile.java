package dev.cis.cli;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.temporal.ChronoUnit;
import java.util.logging.ErrorManager;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;

/**
 * Writes log records to {@code daemon.log}, one a line. The active file always has that name; full
 * ones are renamed to {@code daemon.log.1} and so on, at a line's end.
 */
final class LogFile extends Handler {
  private static final int OLD_FILES = 4;

  private final Path file;
  private final long limit;
  private @Nullable BufferedWriter writer;
  private long written;

  /**
   * Opens the file.
   *
   * @param limit size in bytes at which it is renamed
   */
  LogFile(Path file, long limit) throws IOException {
    this.file = file;
    this.limit = limit;
    setFormatter(new SimpleFormatter()); // only for its message formatting
    open();
  }

  private void open() throws IOException {
    if (!Files.exists(file)) {
      var _ =
          Files.createFile(
              file,
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    writer = Files.newBufferedWriter(file, StandardOpenOption.APPEND);
    written = Files.size(file);
  }

  /** One record as a line: time, level, logger, message; a stack trace follows indented. */
  static String format(LogRecord record, java.util.logging.Formatter formatter) {
    var line = new StringBuilder();
    line.append(record.getInstant().truncatedTo(ChronoUnit.MILLIS)).append(' ');
    line.append(level(record.getLevel())).append(' ');
    var logger = String.valueOf(record.getLoggerName());
    line.append(logger.substring(logger.lastIndexOf('.') + 1)).append(' ');
    line.append(formatter.formatMessage(record).replace("\n", "\\n").replace("\r", "\\r"));
    if (record.getThrown() != null) {
      var trace = new StringWriter();
      record.getThrown().printStackTrace(new PrintWriter(trace, true));
      line.append("\n  ").append(trace.toString().strip().replace("\n", "\n  "));
    }
    return line.append('\n').toString();
  }

  private static String level(Level level) {
    return level.intValue() >= Level.SEVERE.intValue()
        ? "ERROR"
        : level.intValue() >= Level.WARNING.intValue()
            ? "WARN"
            : level.intValue() >= Level.INFO.intValue() ? "INFO" : "DEBUG";
  }

  @Override
  public synchronized void publish(LogRecord record) {
    if (!isLoggable(record) || writer == null) {
      return;
    }
    try {
      var line = format(record, getFormatter());
      if (written + line.length() > limit) {
        rotate();
      }
      writer.write(line);
      writer.flush();
      written += line.length();
    } catch (IOException e) {
      reportError(null, e, ErrorManager.WRITE_FAILURE);
    }
  }

  private void rotate() throws IOException {
    close();
    for (int i = OLD_FILES; i >= 1; i--) {
      var from = i == 1 ? file : file.resolveSibling(file.getFileName() + "." + (i - 1));
      if (Files.exists(from)) {
        Files.move(
            from,
            file.resolveSibling(file.getFileName() + "." + i),
            StandardCopyOption.REPLACE_EXISTING);
      }
    }
    open();
  }

  @Override
  public void flush() {
    // Every line is flushed as it is written.
  }

  @Override
  public synchronized void close() {
    try {
      if (writer != null) {
        writer.close();
        writer = null;
      }
    } catch (IOException e) {
      reportError(null, e, ErrorManager.CLOSE_FAILURE);
    }
  }
}

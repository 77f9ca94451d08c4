package dev.cis.deploy.run;

import dev.cis.deploy.proto.LogQuery;
import dev.cis.deploy.proto.LogRecord;
import dev.cis.deploy.proto.LogStream;
import dev.cis.kernel.time.Now;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The logs of one application: its two streams and the events. Thread-safe. */
public final class AppLogs {
  private static final int MAX_TAIL = 10_000;

  private final Map<LogStream, LogFile> files = new EnumMap<>(LogStream.class);
  private final Supplier<Now> clock;

  AppLogs(Path directory, long maxBytes, int count, Supplier<Now> clock) {
    this.clock = clock;
    for (var stream : LogStream.values()) {
      var name = stream.name().toLowerCase(Locale.ROOT);
      files.put(stream, new LogFile(directory, name, maxBytes, count));
    }
  }

  LogFile file(LogStream stream) {
    return java.util.Objects.requireNonNull(files.get(stream));
  }

  void event(String text) {
    file(LogStream.EVENTS).write(text.replace('\n', ' '));
    observe();
  }

  /** Looks at the files, so that what was written by now has a time. */
  public void observeNow() {
    observe();
  }

  void observe() {
    var now = clock.get().wall();
    files.values().forEach(file -> file.observe(now));
  }

  void rotate(LogFile.Pause pause) {
    for (var file : files.values()) {
      if (file.wantsRotation()) {
        file.rotate(pause);
      }
    }
  }

  List<String> lastLines(int count) {
    var lines = new ArrayDeque<String>();
    for (var stream : List.of(LogStream.STDOUT, LogStream.STDERR)) {
      var query = new LogQuery("x", java.util.Set.of(stream), null, null, count, "", false);
      var reader = new Reading(query);
      for (var record = reader.next(); record != null; record = reader.next()) {
        if (record instanceof LogRecord.Line(_, _, var text)) {
          lines.add(text.length() > 300 ? text.substring(0, 300) : text);
        }
      }
    }
    while (lines.size() > count) {
      lines.removeFirst();
    }
    return List.copyOf(lines);
  }

  /** Begins to answer a query. */
  public Reading read(LogQuery query) {
    return new Reading(query);
  }

  /** One reader's way through the streams, merged by time. Not thread-safe. */
  public final class Reading {
    private final LogQuery query;
    private final @Nullable Pattern grep;
    private final List<Source> sources = new ArrayList<>();
    private final Deque<LogRecord> ready = new ArrayDeque<>();

    private Reading(LogQuery query) {
      this.query = query;
      this.grep = query.grep().isEmpty() ? null : Pattern.compile(query.grep());
      for (var stream : LogStream.values()) {
        if (query.streams().contains(stream)) {
          var file = file(stream);
          long from = query.since() == null ? file.begin() : file.positionAt(query.since());
          sources.add(new Source(stream, file, new LogReader(file, from)));
        }
      }
      if (query.tail() >= 0) {
        keepTail(Math.min(query.tail(), MAX_TAIL));
      }
    }

    private void keepTail(int tail) {
      var kept = new ArrayDeque<LogRecord>();
      for (var record = merged(!query.follow()); record != null; record = merged(!query.follow())) {
        kept.add(record);
        if (kept.size() > tail) {
          kept.removeFirst();
        }
      }
      ready.addAll(kept);
    }

    /** The next record that is there already; null when there is none (yet). */
    public @Nullable LogRecord next() {
      return ready.isEmpty() ? merged(!query.follow()) : ready.removeFirst();
    }

    /** The same when nothing more will be written: a last line without an end counts too. */
    public @Nullable LogRecord nextOfEnded() {
      return ready.isEmpty() ? merged(true) : ready.removeFirst();
    }

    private @Nullable LogRecord merged(boolean evenUnfinished) {
      sources.forEach(source -> source.fill(evenUnfinished));
      return sources.stream()
          .filter(source -> source.head != null)
          .min(Comparator.comparing(Source::at))
          .map(Source::take)
          .orElse(null);
    }

    private final class Source {
      private final LogStream stream;
      private final LogFile file;
      private final LogReader reader;
      private @Nullable LogRecord head;
      private Instant at = Instant.EPOCH;

      private Source(LogStream stream, LogFile file, LogReader reader) {
        this.stream = stream;
        this.file = file;
        this.reader = reader;
      }

      private Instant at() {
        return at;
      }

      private LogRecord take() {
        var taken = java.util.Objects.requireNonNull(head);
        head = null;
        return taken;
      }

      private void fill(boolean evenUnfinished) {
        while (head == null) {
          var piece = reader.next(evenUnfinished);
          if (piece == null) {
            return;
          }
          at = file.timeOf(piece.end(), clock.get().wall());
          if (piece.missing() > 0) {
            head = new LogRecord.Gap(at, piece.missing() + " bytes rotated away");
          } else if (isWanted(piece.text())) {
            head = new LogRecord.Line(stream, at, piece.text());
          }
        }
      }

      private boolean isWanted(String text) {
        return (query.since() == null || !at.isBefore(query.since()))
            && (query.until() == null || !at.isAfter(query.until()))
            && (grep == null || grep.matcher(text).find());
      }
    }
  }
}

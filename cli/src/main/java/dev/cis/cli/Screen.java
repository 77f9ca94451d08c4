package dev.cis.cli;

import dev.cis.api.RecordJson;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The terminal: data on standard output, everything else on standard error. */
final class Screen {
  private static final int BAR = 24;

  final PrintStream out;
  final PrintStream err;
  private final boolean outIsTerminal;
  private final boolean errIsTerminal;
  private boolean barShown;

  /**
   * The terminal of this process.
   *
   * @param environment with {@code CIS_TTY}, in which the launcher says which of 0, 1, 2 are
   *     terminals (asking Java costs a tenth of a second), and {@code NO_COLOR}
   */
  Screen(PrintStream out, PrintStream err, Map<String, String> environment) {
    this.out = out;
    this.err = err;
    var terminals = environment.getOrDefault("CIS_TTY", "");
    boolean plain =
        !environment.getOrDefault("NO_COLOR", "").isEmpty()
            || "dumb".equals(environment.get("TERM"));
    this.outIsTerminal = terminals.contains("1") && !plain;
    this.errIsTerminal = terminals.contains("2") && !plain;
  }

  /** A line of data. */
  void line(String text) {
    clearBar();
    out.println(text);
    out.flush();
  }

  /** A line for people, beside the data. */
  void note(String text) {
    clearBar();
    err.println(text);
    err.flush();
  }

  /** A record as one line of JSON. */
  void json(Record record) {
    line(RecordJson.text(RecordJson.toMap(record)));
  }

  /** A map as one line of JSON. */
  void json(Map<String, ?> map) {
    line(RecordJson.text(map));
  }

  /** Rows under a header, as wide as they need to be; the last column is left ragged. */
  void table(List<String> header, List<List<String>> rows) {
    var widths = new int[header.size()];
    var all = new ArrayList<List<String>>();
    all.add(header);
    all.addAll(rows);
    for (var row : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (int r = 0; r < all.size(); r++) {
      var text = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        var cell = all.get(r).get(i);
        text.append(cell);
        if (i < widths.length - 1) {
          text.append(" ".repeat(widths[i] - cell.length() + 2));
        }
      }
      line(r == 0 ? bold(text.toString()) : text.toString());
    }
  }

  /** Name and value, one a line. */
  void fields(String... namesAndValues) {
    int width = 0;
    for (int i = 0; i < namesAndValues.length; i += 2) {
      width = Math.max(width, namesAndValues[i].length());
    }
    for (int i = 0; i < namesAndValues.length; i += 2) {
      var name = namesAndValues[i];
      line(name + " ".repeat(width - name.length() + 2) + namesAndValues[i + 1]);
    }
  }

  /** A progress bar on standard error, only on a terminal. */
  void bar(String what, long done, long total, Duration since) {
    if (!errIsTerminal || total <= 0) {
      return;
    }
    int filled = (int) (BAR * done / total);
    double seconds = Math.max(0.001, since.toMillis() / 1000.0);
    double rate = done / seconds;
    var left = rate > 0 ? (long) ((total - done) / rate) + "s left" : "";
    err.print(
        "\r\033[K"
            + what
            + " ["
            + "#".repeat(filled)
            + "-".repeat(BAR - filled)
            + "] "
            + size(done)
            + " of "
            + size(total)
            + ", "
            + size((long) rate)
            + "/s, "
            + left);
    err.flush();
    barShown = true;
  }

  private void clearBar() {
    if (barShown) {
      err.print("\r\033[K");
      barShown = false;
    }
  }

  String bold(String text) {
    return outIsTerminal ? "\033[1m" + text + "\033[0m" : text;
  }

  String green(String text) {
    return outIsTerminal ? "\033[32m" + text + "\033[0m" : text;
  }

  String red(String text) {
    return outIsTerminal ? "\033[31m" + text + "\033[0m" : text;
  }

  /** Text of somebody else's, without what could drive the terminal. */
  String foreign(String text) {
    return outIsTerminal ? text.replaceAll("[\\p{Cntrl}&&[^\\t]]", "?") : text;
  }

  static String size(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    var units = List.of("KiB", "MiB", "GiB", "TiB");
    double value = bytes;
    int unit = -1;
    while (value >= 1024 && unit < units.size() - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %s", value, units.get(unit));
  }

  static String millis(@Nullable Double millis) {
    if (millis == null) {
      return "-";
    }
    return String.format(Locale.ROOT, millis < 10 ? "%.2f ms" : "%.0f ms", millis);
  }

  static String ago(@Nullable Instant at) {
    if (at == null) {
      return "-";
    }
    long seconds = Math.max(0, Duration.between(at, Instant.now()).toSeconds());
    return seconds(seconds) + " ago";
  }

  static String seconds(long seconds) {
    if (seconds < 120) {
      return seconds + "s";
    }
    if (seconds < 7200) {
      return seconds / 60 + "m";
    }
    return seconds < 172_800 ? seconds / 3600 + "h" : seconds / 86_400 + "d";
  }

  static String labels(Map<String, String> labels) {
    if (labels.isEmpty()) {
      return "-";
    }
    return String.join(
        ",", labels.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
  }

  static String brief(@Nullable String node) {
    return node == null ? "-" : node.substring(0, Math.min(8, node.length()));
  }

  /** A constant's name as a word. */
  static String word(String constant) {
    return constant.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static String orDash(@Nullable Object value) {
    return value == null || value.toString().isEmpty() ? "-" : value.toString();
  }
}

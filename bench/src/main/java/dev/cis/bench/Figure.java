package dev.cis.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a benchmark found.
 *
 * @param metric what was measured
 * @param value the figure
 * @param unit its unit
 * @param n how many samples
 * @param p50 median of the samples, null where there are no samples
 * @param p99 99th percentile of the samples
 * @param notes further figures, and what was measured beside it
 */
record Figure(
    String metric,
    double value,
    String unit,
    long n,
    @Nullable Double p50,
    @Nullable Double p99,
    Map<String, Object> notes) {
  Map<String, Object> toLine(String bench) {
    var line = new LinkedHashMap<String, Object>();
    line.put("bench", bench);
    line.put("metric", metric);
    line.put("value", rounded(value));
    line.put("unit", unit);
    line.put("n", n);
    if (p50 != null && p99 != null) {
      line.put("p50", rounded(p50));
      line.put("p99", rounded(p99));
    }
    line.put("notes", notes);
    return line;
  }

  /** Three significant digits are more than these machines can promise. */
  static double rounded(double value) {
    if (value == 0 || !Double.isFinite(value)) {
      return 0;
    }
    double scale = Math.pow(10, 3 - Math.ceil(Math.log10(Math.abs(value))));
    return scale >= 1 ? Math.round(value * scale) / scale : Math.round(value);
  }
}

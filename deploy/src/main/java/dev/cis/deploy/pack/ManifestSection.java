package dev.cis.deploy.pack;

import dev.cis.kernel.fault.Fault;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One mapping of a manifest: its keys are known, its values are read by type. */
final class ManifestSection {
  private static final int MAX_ITEMS = 1_000;
  private static final int MAX_TEXT = 8 * 1024;
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)?");
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,12})(Ki|Mi|Gi|Ti|K|k|M|G|T)?B?");

  private final String source;
  private final String prefix;
  private final YamlTree.Mapping mapping;

  /** Refuses keys that are not among the known ones. */
  ManifestSection(String source, String prefix, YamlTree.Mapping mapping, List<String> known) {
    this.source = source;
    this.prefix = prefix;
    this.mapping = mapping;
    mapping
        .entries()
        .forEach((key, value) -> {
          if (!known.contains(key)) {
            var hint =
                Texts.nearest(key, known)
                    .map(right -> "did you mean '" + right + "'?")
                    .orElse("known are " + String.join(", ", known));
            throw YamlTree.bad(
                source,
                value.line(),
                "unknown key '" + prefix + Texts.printable(key) + "'; " + hint);
          }
        });
  }

  String source() {
    return source;
  }

  boolean has(String key) {
    return mapping.entries().containsKey(key);
  }

  boolean isScalar(String key) {
    return mapping.entries().get(key) instanceof YamlTree.Scalar;
  }

  Fault bad(String key, String what) {
    var value = mapping.entries().get(key);
    return YamlTree.bad(
        source, value == null ? mapping.line() : value.line(), prefix + key + ": " + what);
  }

  void notBoth(String one, String other) {
    if (has(one) && has(other)) {
      throw bad(other, "give this or " + prefix + one + ", not both");
    }
  }

  private @Nullable String scalar(String key, int limit) {
    return switch (mapping.entries().get(key)) {
      case null -> null;
      case YamlTree.Scalar(_, var text) -> checked(key, text, limit);
      case YamlTree.Sequence _ -> throw bad(key, "one value is expected, not a list");
      case YamlTree.Mapping _ -> throw bad(key, "one value is expected, not a mapping");
    };
  }

  private String checked(String key, String text, int limit) {
    if (text.length() > limit) {
      throw bad(key, "longer than " + limit + " characters");
    }
    if (text.indexOf('\0') >= 0) {
      throw bad(key, "holds a NUL character");
    }
    return text;
  }

  String text(String key, String standard, int limit) {
    var text = scalar(key, limit);
    return text == null ? standard : text;
  }

  String required(String key, int limit) {
    var text = scalar(key, limit);
    if (text == null || text.isEmpty()) {
      throw bad(key, "is missing");
    }
    return text;
  }

  String matching(String key, String pattern, String expected) {
    var text = required(key, MAX_TEXT);
    if (!text.matches(pattern)) {
      throw bad(key, "'" + Texts.printable(text) + "' does not do: " + expected);
    }
    return text;
  }

  <E extends Enum<E>> E choice(String key, Class<E> type, E standard) {
    var text = scalar(key, MAX_TEXT);
    if (text == null) {
      return standard;
    }
    var words = Arrays.stream(type.getEnumConstants()).map(ManifestSection::word).toList();
    int index = words.indexOf(text.replace('_', '-'));
    if (index < 0) {
      var hint =
          Texts.nearest(text, words).map(right -> "; did you mean '" + right + "'?").orElse("");
      throw bad(
          key, "'" + Texts.printable(text) + "' is none of " + String.join(", ", words) + hint);
    }
    return type.getEnumConstants()[index];
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  List<YamlTree> items(String key) {
    return switch (mapping.entries().get(key)) {
      case null -> List.of();
      case YamlTree.Sequence(_, var items) when items.size() <= MAX_ITEMS -> items;
      case YamlTree.Sequence _ -> throw bad(key, "more than " + MAX_ITEMS + " items");
      case YamlTree.Scalar(_, var text) when text.isEmpty() -> List.of();
      case YamlTree other -> List.of(other);
    };
  }

  /** A list of texts; one text stands for a list of one. */
  List<String> texts(String key) {
    return items(key).stream()
        .map(item ->
            switch (item) {
              case YamlTree.Scalar(_, var text) -> checked(key, text, MAX_TEXT);
              default -> throw bad(key, "a list of texts is expected");
            })
        .collect(Collectors.toCollection(ArrayList::new));
  }

  SortedMap<String, String> map(String key) {
    var map = new TreeMap<String, String>();
    switch (mapping.entries().get(key)) {
      case null -> {}
      case YamlTree.Mapping(_, var entries) when entries.size() <= MAX_ITEMS ->
          entries.forEach((name, value) -> {
            if (!(value instanceof YamlTree.Scalar(_, var text))) {
              throw bad(key, "'" + Texts.printable(name) + "' needs one value");
            }
            map.put(name, checked(key, text, MAX_TEXT));
          });
      case YamlTree _ -> throw bad(key, "a mapping of names to values is expected");
    }
    return map;
  }

  Optional<ManifestSection> section(String key, String... known) {
    return switch (mapping.entries().get(key)) {
      case null -> Optional.empty();
      case YamlTree.Mapping inner ->
          Optional.of(new ManifestSection(source, prefix + key + ".", inner, List.of(known)));
      case YamlTree _ -> throw bad(key, "a mapping is expected, of " + String.join(", ", known));
    };
  }

  long whole(String key, long standard, long least, long most) {
    var text = scalar(key, MAX_TEXT);
    if (text == null) {
      return standard;
    }
    if (!text.matches("[0-9]{1,9}")
        || Long.parseLong(text) < least
        || Long.parseLong(text) > most) {
      throw bad(key, "a whole number from " + least + " to " + most + " is expected");
    }
    return Long.parseLong(text);
  }

  double number(String key, double least, double most) {
    var text = required(key, 32);
    if (text.matches("[0-9]{1,9}(\\.[0-9]{1,6})?")) {
      double number = new BigDecimal(text).doubleValue();
      if (number >= least && number <= most) {
        return number;
      }
    }
    throw bad(key, "'" + Texts.printable(text) + "' is no number from " + least + " to " + most);
  }

  /** Processors: {@code 0.5}, or {@code 500m} for thousandths. */
  double cpus(String key) {
    var text = required(key, 32);
    if (text.matches("[1-9][0-9]{0,6}m")) {
      return Integer.parseInt(text.substring(0, text.length() - 1)) / 1_000.0;
    }
    return number(key, 0.01, 1_024);
  }

  Duration duration(String key, Duration standard, Duration least, Duration most) {
    var text = scalar(key, 32);
    if (text == null) {
      return standard;
    }
    var matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw bad(key, "'" + Texts.printable(text) + "' is no duration such as 500ms, 10s, 5m or 1h");
    }
    long count = Long.parseLong(matcher.group(1));
    var unit = matcher.group(2);
    var duration =
        switch (unit == null ? "s" : unit) {
          case "ms" -> Duration.ofMillis(count);
          case "m" -> Duration.ofMinutes(count);
          case "h" -> Duration.ofHours(count);
          default -> Duration.ofSeconds(count);
        };
    if (duration.compareTo(least) < 0 || duration.compareTo(most) > 0) {
      throw bad(
          key, text + " is not between " + least.toMillis() + "ms and " + most.toSeconds() + "s");
    }
    return duration;
  }

  /** Bytes: {@code 512Mi}, {@code 1G}, {@code 1048576}; 0 when the key is absent. */
  long size(String key) {
    var text = scalar(key, 32);
    if (text == null) {
      return 0;
    }
    var matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      throw bad(key, "'" + Texts.printable(text) + "' is no size such as 512Mi, 1Gi or 500M");
    }
    var unit = matcher.group(2);
    long factor =
        switch (unit == null ? "" : unit) {
          case "K", "k" -> 1_000L;
          case "M" -> 1_000_000L;
          case "G" -> 1_000_000_000L;
          case "T" -> 1_000_000_000_000L;
          case "Ki" -> 1L << 10;
          case "Mi" -> 1L << 20;
          case "Gi" -> 1L << 30;
          case "Ti" -> 1L << 40;
          default -> 1L;
        };
    long count = Long.parseLong(matcher.group(1));
    if (count == 0 || count > Long.MAX_VALUE / factor) {
      throw bad(key, text + " is out of range");
    }
    return count * factor;
  }
}

package dev.cis.node;

import dev.cis.transport.Address;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How values of one Java type are written in the configuration.
 *
 * @param expectation what a value looks like, for messages and the reference
 * @param read from a TOML value or from text; fails with IllegalArgumentException or a fault
 * @param write as TOML
 */
record ValueType(
    String expectation, Function<Object, Object> read, Function<Object, String> write) {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})\\s*(ms|s|m|h|d)");
  private static final Pattern NUMBER = Pattern.compile("(-?\\d{1,18})\\s*(KiB|MiB|GiB)?");

  static ValueType of(Type type) {
    if (type == String.class) {
      return new ValueType("text", v -> text(v), v -> quote((String) v));
    } else if (type == boolean.class) {
      return new ValueType("true or false", ValueType::bool, String::valueOf);
    } else if (type == int.class) {
      return new ValueType("a whole number", v -> Math.toIntExact(number(v)), String::valueOf);
    } else if (type == long.class) {
      return new ValueType("a whole number", ValueType::number, String::valueOf);
    } else if (type == double.class) {
      return new ValueType("a number", v -> Double.parseDouble(text(v)), String::valueOf);
    } else if (type == Duration.class) {
      return new ValueType(
          "a duration such as 500ms, 30s, 5m, 2h or 1d",
          ValueType::duration,
          v -> quote(write((Duration) v)));
    } else if (type == Address.class) {
      return new ValueType(
          "host:port or [ipv6]:port", v -> Address.parse(text(v)), v -> quote(v.toString()));
    } else if (type instanceof Class<?> enumType && enumType.isEnum()) {
      return ofEnum(enumType);
    } else if (type instanceof ParameterizedType p && p.getRawType() == List.class) {
      var element = of(p.getActualTypeArguments()[0]);
      return new ValueType(
          "a list, each " + element.expectation,
          v -> list(v, element),
          v ->
              ((List<?>) v)
                  .stream().map(element.write).collect(Collectors.joining(", ", "[", "]")));
    }
    throw new IllegalArgumentException("no configuration value has the type " + type);
  }

  private static ValueType ofEnum(Class<?> type) {
    var names =
        Arrays.stream(type.getEnumConstants())
            .map(c -> ((Enum<?>) c).name().toLowerCase(Locale.ROOT))
            .toList();
    return new ValueType(
        "one of " + String.join(", ", names),
        v -> {
          int at = names.indexOf(text(v).toLowerCase(Locale.ROOT));
          if (at < 0) {
            throw new IllegalArgumentException("one of " + String.join(", ", names));
          }
          return type.getEnumConstants()[at];
        },
        v -> quote(((Enum<?>) v).name().toLowerCase(Locale.ROOT)));
  }

  private static String text(Object value) {
    if (value instanceof List || value instanceof java.util.Map) {
      throw new IllegalArgumentException("a single value");
    }
    return value.toString().strip();
  }

  private static Object bool(Object value) {
    return switch (text(value).toLowerCase(Locale.ROOT)) {
      case "true", "yes", "on", "1" -> true;
      case "false", "no", "off", "0" -> false;
      default -> throw new IllegalArgumentException("true or false");
    };
  }

  private static long number(Object value) {
    var matcher = NUMBER.matcher(text(value));
    if (!matcher.matches()) {
      throw new IllegalArgumentException("a whole number");
    }
    int shift =
        switch (matcher.group(2)) {
          case "KiB" -> 10;
          case "MiB" -> 20;
          case "GiB" -> 30;
          case null, default -> 0;
        };
    return Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift);
  }

  /** Reads {@code 500ms}, {@code 30s}, {@code 5m}, {@code 2h}, {@code 1d}. */
  private static Object duration(Object value) {
    var matcher = DURATION.matcher(text(value));
    if (!matcher.matches()) {
      throw new IllegalArgumentException("a duration such as 500ms, 30s, 5m, 2h or 1d");
    }
    long count = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(count);
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofMinutes(count);
      case "h" -> Duration.ofHours(count);
      default -> Duration.ofDays(count);
    };
  }

  private static String write(Duration value) {
    long millis = value.toMillis();
    if (millis % 1000 != 0 || millis == 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds % 86_400 == 0) {
      return seconds / 86_400 + "d";
    }
    if (seconds % 3600 == 0) {
      return seconds / 3600 + "h";
    }
    return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
  }

  /** A TOML list, one value alone, or text with commas (environment and options). */
  private static Object list(Object value, ValueType element) {
    List<?> values =
        value instanceof List<?> given
            ? given
            : Arrays.stream(value.toString().split(","))
                .map(String::strip)
                .filter(s -> !s.isEmpty())
                .toList();
    return values.stream().map(element.read).toList();
  }

  /** A TOML basic string. */
  static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
  }
}

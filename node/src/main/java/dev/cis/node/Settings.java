package dev.cis.node;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.dataformat.toml.TomlFactory;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The one reader of configuration. Options of the command line come before environment variables,
 * those before the file, and the file before the defaults. An unknown key and a bad value are
 * refused with the place where they were given.
 */
public final class Settings {
  /** Largest configuration file in bytes. */
  static final int MAX_FILE = 256 * 1024;

  private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}\\w)?");
  private static final Pattern LABEL_VALUE = Pattern.compile("[A-Za-z0-9._/:-]{0,63}");
  private static final int MAX_LABELS = 32;
  private static final String ANCHOR = "p2p.anchor";
  private static final Map<String, String> ALIASES =
      Map.of(
          "p2p.bootstrap", "p2p.bootstrap.nodes",
          "p2p.bootstrap_nodes", "p2p.bootstrap.nodes",
          "p2p.external_addr", "p2p.external_address");

  /**
   * A value and where it was given.
   *
   * @param value as TOML or text has it
   * @param origin such as {@code /home/x/.cis/config.toml} or {@code option --listen}
   */
  private record Given(Object value, String origin) {}

  /**
   * One effective setting, for 'cis config show'.
   *
   * @param key its key
   * @param value the value as TOML
   * @param origin where it was given, or {@code default}
   */
  public record Effective(String key, String value, String origin) {}

  private final Map<String, Given> given;
  private final SortedMap<String, String> labels;

  private Settings(Map<String, Given> given, SortedMap<String, String> labels) {
    this.given = given;
    this.labels = labels;
  }

  /**
   * Reads everything.
   *
   * @param file may be missing
   * @param environment variables; only those of known tables are looked at
   * @param options from the command line: keys as in the file, values as text
   */
  public static Settings read(
      Path file, Map<String, String> environment, Map<String, String> options) {
    var given = new LinkedHashMap<String, Given>();
    flatten("", toml(file), file.toString(), given);
    environment.forEach((variable, value) -> {
      var key = keyOf(variable);
      if (key != null) {
        given.put(key, new Given(value, "environment variable " + variable));
      }
    });
    options.forEach((key, value) -> given.put(key, new Given(value, "command line")));
    return checked(given);
  }

  private static Settings checked(Map<String, Given> all) {
    var known = new HashMap<String, Setting>();
    NodeConfig.settings().forEach(setting -> known.put(setting.key(), setting));
    var given = new LinkedHashMap<String, Given>();
    var labels = new TreeMap<String, String>();
    all.forEach((written, value) -> {
      if (written.startsWith("labels.")) {
        label(written.substring("labels.".length()), value, labels);
        return;
      }
      var plain = written.replace('-', '_');
      var key = ALIASES.getOrDefault(plain, plain);
      if (!known.containsKey(key)) {
        throw unknown(written, value.origin);
      }
      given.put(key, value);
    });
    if (isAnchor(given.get(ANCHOR))) {
      var origin = "preset of " + ANCHOR;
      AnchorPreset.VALUES.forEach((key, value) -> given.putIfAbsent(key, new Given(value, origin)));
    }
    return new Settings(given, labels);
  }

  private static boolean isAnchor(@Nullable Given value) {
    return value != null && Boolean.parseBoolean(value.value.toString());
  }

  private static void label(String key, Given value, Map<String, String> labels) {
    var text = value.value.toString();
    if (!LABEL.matcher(key).matches() || !LABEL_VALUE.matcher(text).matches()) {
      throw bad("labels." + key, value, "letters, digits and . _ / -, at most 63 on each side");
    }
    labels.put(key, text);
    if (labels.size() > MAX_LABELS) {
      throw bad("labels." + key, value, "at most " + MAX_LABELS + " labels");
    }
  }

  /** Labels that a user gave to a running node, checked as those of the file are. */
  static SortedMap<String, String> checkedLabels(Map<String, String> labels) {
    var checked = new TreeMap<String, String>();
    labels.forEach((k, v) -> label(k, new Given(v, "request"), checked));
    return checked;
  }

  /** The configuration, every value checked. */
  public NodeConfig config() {
    var records = new HashMap<String, Record>();
    for (var section : NodeConfig.SECTIONS) {
      records.put(section.name(), read(section));
    }
    return NodeConfig.of(records, labels);
  }

  private Record read(Section section) {
    var values = new LinkedHashMap<String, Object>();
    var keys = new LinkedHashMap<String, Given>();
    for (var setting : section.settings()) {
      var value = given.get(setting.key());
      if (value != null) {
        keys.put(setting.key(), value);
        values.put(setting.component(), read(setting, value));
      }
    }
    try {
      return section.with(values);
    } catch (IllegalArgumentException | Fault e) {
      var culprit = culprit(section, values);
      var named = section.settings().stream().filter(s -> s.component().equals(culprit));
      var key = named.findFirst().orElseThrow().key();
      throw bad(key, Objects.requireNonNull(keys.get(key)), String.valueOf(e.getMessage()));
    }
  }

  /** The value without which the others are accepted, or the first when no one is to blame. */
  private static String culprit(Section section, Map<String, Object> values) {
    return values.keySet().stream()
        .filter(component -> acceptedWithout(component, section, values))
        .findFirst()
        .orElse(values.keySet().iterator().next());
  }

  private static boolean acceptedWithout(
      String component, Section section, Map<String, Object> values) {
    var others = new LinkedHashMap<>(values);
    others.remove(component);
    try {
      var _ = section.with(others);
      return true;
    } catch (IllegalArgumentException | Fault e) {
      return false;
    }
  }

  private static Object read(Setting setting, Given given) {
    try {
      return setting.type().read().apply(given.value);
    } catch (ArithmeticException e) {
      throw bad(setting.key(), given, "a smaller number");
    } catch (NumberFormatException e) {
      throw bad(setting.key(), given, setting.type().expectation());
    } catch (IllegalArgumentException | Fault e) {
      throw bad(setting.key(), given, String.valueOf(e.getMessage()));
    }
  }

  /** Every setting with its value and origin, in the order of the reference. */
  public List<Effective> effective() {
    var all = new ArrayList<Effective>();
    for (var setting : NodeConfig.settings()) {
      var value = given.get(setting.key());
      all.add(
          value == null
              ? new Effective(
                  setting.key(), setting.type().write().apply(setting.fallback()), "default")
              : new Effective(
                  setting.key(), setting.type().write().apply(read(setting, value)), value.origin));
    }
    labels.forEach((k, v) -> all.add(new Effective("labels." + k, ValueType.quote(v), "file")));
    return all;
  }

  private static Map<String, Object> toml(Path file) {
    try {
      if (Files.size(file) > MAX_FILE) {
        throw new Fault(
            NodeCode.BAD_CONFIG, file + " is larger than " + MAX_FILE + " bytes: no configuration");
      }
      return JSON.builder(new TomlFactory()).build().mapFrom(Files.readString(file));
    } catch (NoSuchFileException e) {
      return Map.of();
    } catch (JacksonException e) {
      var at = e.getLocation();
      throw new Fault(
          NodeCode.BAD_CONFIG,
          file
              + (at == null ? "" : ", line " + at.getLineNr() + ", column " + at.getColumnNr())
              + ": not TOML: "
              + String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse(""),
          e);
    } catch (IOException e) {
      throw new Fault(NodeCode.BAD_CONFIG, "cannot read " + file + ": " + e, e);
    }
  }

  private static void flatten(
      String prefix, Map<?, ?> table, String origin, Map<String, Given> into) {
    table.forEach((name, value) -> {
      if (value instanceof Map<?, ?> inner) {
        flatten(prefix + name + ".", inner, origin, into);
      } else {
        into.put(prefix + name, new Given(value, origin));
      }
    });
  }

  /** The key that a variable sets; null for variables that are none of ours. */
  private static @Nullable String keyOf(String variable) {
    for (var setting : NodeConfig.settings()) {
      if (setting.variable().equals(variable)) {
        return setting.key();
      }
    }
    for (var section : NodeConfig.SECTIONS) {
      var prefix = "CIS_" + section.name().toUpperCase(java.util.Locale.ROOT) + "_";
      if (variable.startsWith(prefix)) {
        throw unknown(
            section.name()
                + "."
                + variable.substring(prefix.length()).toLowerCase(java.util.Locale.ROOT),
            "environment variable " + variable);
      }
    }
    return null;
  }

  private static Fault unknown(String key, String origin) {
    var names = NodeConfig.settings().stream().map(Setting::key).toList();
    var nearest = Nearest.of(key, names);
    return new Fault(
        NodeCode.BAD_CONFIG,
        origin
            + ": unknown key '"
            + key
            + "'"
            + nearest
                .map(n -> ": did you mean '" + n + "'?")
                .orElse(": see docs/reference/configuration.md"));
  }

  private static Fault bad(String key, Given given, String expectation) {
    return new Fault(
        NodeCode.BAD_CONFIG,
        given.origin + ": " + key + " = " + given.value + ": expected " + expectation);
  }
}

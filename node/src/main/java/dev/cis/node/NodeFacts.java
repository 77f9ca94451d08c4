package dev.cis.node;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.cis.kernel.identity.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a node says of itself in the memory, under {@code node/<NodeId>/info}, as JSON with the
 * names used here.
 *
 * @param name what people call it
 * @param labels its labels
 * @param version of cis
 * @param cpus how many it has
 * @param load the system's load average over a minute, null where the system does not tell
 * @param memoryTotal bytes, null as above
 * @param memoryFree bytes that a new program could have, null as above
 * @param diskTotal bytes of the file system of its data directory
 * @param diskFree bytes available there
 * @param apps applications on it, as name and version
 * @param addresses where it may be reached
 * @param at when it said so, by its own clock
 */
public record NodeFacts(
    String name,
    SortedMap<String, String> labels,
    String version,
    int cpus,
    @Nullable Double load,
    @Nullable Long memoryTotal,
    @Nullable Long memoryFree,
    long diskTotal,
    long diskFree,
    List<String> apps,
    List<String> addresses,
    Instant at) {
  private static final String KEY = "info";

  /** The key in the memory. */
  public static String key(NodeId node) {
    return "node/" + node + "/" + KEY;
  }

  /** Everything a look at the machine tells, for the data directory's file system. */
  static NodeFacts of(
      String name,
      SortedMap<String, String> labels,
      Path directory,
      List<String> apps,
      List<String> addresses,
      Instant at) {
    var memory = proc("/proc/meminfo");
    var load = proc("/proc/loadavg");
    long total = 0;
    long free = 0;
    try {
      var store = Files.getFileStore(directory);
      total = store.getTotalSpace();
      free = store.getUsableSpace();
    } catch (IOException e) {
      total = 0; // the directory is being taken away under us
    }
    return new NodeFacts(
        name,
        labels,
        Version.TEXT,
        Runtime.getRuntime().availableProcessors(),
        load.isEmpty() ? null : Double.valueOf(load.getFirst().split(" ", 2)[0]),
        kilobytes(memory, "MemTotal:"),
        kilobytes(memory, "MemAvailable:"),
        total,
        free,
        apps,
        addresses,
        at);
  }

  private static List<String> proc(String file) {
    try {
      return Files.readAllLines(Path.of(file));
    } catch (IOException e) {
      return List.of(); // no Linux
    }
  }

  private static @Nullable Long kilobytes(List<String> lines, String name) {
    for (var line : lines) {
      if (line.startsWith(name)) {
        return Long.parseLong(line.substring(name.length()).replaceAll("\\D", "")) * 1024;
      }
    }
    return null;
  }

  /** The same but for times and measurements: what is worth telling at once when it changes. */
  boolean saysTheSameAs(@Nullable NodeFacts other) {
    return other != null
        && name.equals(other.name)
        && labels.equals(other.labels)
        && apps.equals(other.apps)
        && addresses.equals(other.addresses);
  }

  /** As JSON. */
  String json() {
    var map = new LinkedHashMap<String, Object>();
    map.put("name", name);
    map.put("labels", labels);
    map.put("version", version);
    map.put("cpus", cpus);
    if (load != null) {
      map.put("load", load);
    }
    if (memoryTotal != null && memoryFree != null) {
      map.put("memoryTotal", memoryTotal);
      map.put("memoryFree", memoryFree);
    }
    map.put("diskTotal", diskTotal);
    map.put("diskFree", diskFree);
    map.put("apps", apps);
    map.put("addresses", addresses);
    map.put("at", at.toString());
    try {
      return JSON.std.asString(map);
    } catch (IOException e) {
      throw new IllegalStateException("cannot write JSON", e);
    }
  }

  /** Reads what another node wrote; empty when it makes no sense. */
  public static Optional<NodeFacts> parse(String json) {
    try {
      var map = JSON.std.mapFrom(json);
      var labels = new TreeMap<String, String>();
      if (map.get("labels") instanceof Map<?, ?> given) {
        given.forEach((k, v) -> labels.put(String.valueOf(k), String.valueOf(v)));
      }
      return Optional.of(
          new NodeFacts(
              String.valueOf(map.getOrDefault("name", "")),
              labels,
              String.valueOf(map.getOrDefault("version", "")),
              map.get("cpus") instanceof Number n ? n.intValue() : 0,
              map.get("load") instanceof Number n ? (Double) n.doubleValue() : null,
              map.get("memoryTotal") instanceof Number n ? (Long) n.longValue() : null,
              map.get("memoryFree") instanceof Number n ? (Long) n.longValue() : null,
              map.get("diskTotal") instanceof Number n ? n.longValue() : 0,
              map.get("diskFree") instanceof Number n ? n.longValue() : 0,
              texts(map.get("apps")),
              texts(map.get("addresses")),
              Instant.parse(String.valueOf(map.get("at")))));
    } catch (IOException | DateTimeException | ClassCastException e) {
      return Optional.empty();
    }
  }

  private static List<String> texts(@Nullable Object value) {
    var texts = new ArrayList<String>();
    if (value instanceof List<?> list) {
      list.forEach(element -> texts.add(String.valueOf(element)));
    }
    return texts;
  }
}

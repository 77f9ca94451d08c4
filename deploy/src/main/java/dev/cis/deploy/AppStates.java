package dev.cis.deploy;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.cis.deploy.proto.AppState;
import dev.cis.deploy.proto.Phase;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sync.Memory;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What nodes say of applications, in the memory: {@code node/<NodeId>/app/<app>}, JSON text. */
final class AppStates {
  static final String PREFIX = "node/";
  private static final Pattern KEY = Pattern.compile("node/([a-z2-7]{52})/app/([^/]{1,63})");
  private static final int PAGE = 1000;
  private static final int MOST = 100_000;
  private static final int MAX_JSON = 64 * 1024;
  private static final int MAX_ITEMS = 64;

  private final Memory memory;

  AppStates(Memory memory) {
    this.memory = memory;
  }

  void put(AppState state) throws IOException {
    var key = PREFIX + state.node() + "/app/" + state.app();
    memory.put(Memory.Domain.PUBLIC, "deploy", key, Bytes.utf8(write(state)), null);
  }

  List<AppState> all() {
    var found = new ArrayList<AppState>();
    var after = "";
    for (int seen = 0; seen < MOST; seen += PAGE) {
      var page = memory.list(Memory.Domain.PUBLIC, PREFIX, after, PAGE);
      page.forEach(item -> read(item).ifPresent(found::add));
      if (page.size() < PAGE) {
        break;
      }
      after = page.getLast().key();
    }
    return found;
  }

  static Optional<AppState> read(Memory.Item item) {
    var key = KEY.matcher(item.key());
    if (item.deleted() || !key.matches() || item.value().size() > MAX_JSON) {
      return Optional.empty();
    }
    try {
      var node = NodeId.parse(key.group(1));
      if (!item.author().equals(node)) {
        return Optional.empty(); // a node speaks for itself only
      }
      return Optional.of(read(node, key.group(2), item.value().utf8()));
    } catch (IOException | RuntimeException e) {
      return Optional.empty(); // another node's nonsense must not keep the rest from being shown
    }
  }

  static String write(AppState state) throws IOException {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("version", state.version());
    json.put("digest", state.digest());
    json.put("publisher", state.publisher());
    json.put("sequence", state.sequence());
    json.put("phase", state.phase().name());
    json.put("reason", state.reason());
    json.put("bytesDone", state.bytesDone());
    json.put("bytesTotal", state.bytesTotal());
    json.put("pid", state.pid());
    json.put("startedAt", state.startedAt() == null ? null : state.startedAt().toString());
    json.put("restarts", state.restarts());
    json.put("exitStatus", state.exitStatus());
    json.put("limits", state.limits());
    json.put("versions", state.versions());
    json.put("packages", state.packages());
    json.put("untrusted", state.untrusted());
    json.put("lastLines", state.lastLines());
    json.put("at", state.at().toString());
    return JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES).asString(json);
  }

  static AppState read(NodeId node, String app, String text) throws IOException {
    var json = JSON.std.mapFrom(text);
    return new AppState(
        node,
        app,
        string(json, "version"),
        string(json, "digest"),
        string(json, "publisher"),
        number(json, "sequence"),
        phase(string(json, "phase")),
        string(json, "reason"),
        number(json, "bytesDone"),
        number(json, "bytesTotal"),
        json.get("pid") instanceof Number n ? Long.valueOf(n.longValue()) : null,
        json.get("startedAt") instanceof String s ? instant(s) : null,
        (int) number(json, "restarts"),
        json.get("exitStatus") instanceof Number n ? Integer.valueOf(n.intValue()) : null,
        string(json, "limits"),
        strings(json, "versions"),
        strings(json, "packages"),
        strings(json, "untrusted"),
        strings(json, "lastLines"),
        instant(string(json, "at")));
  }

  /** A newer node may know phases that we do not: nothing is claimed then. */
  private static Phase phase(String name) {
    for (var phase : Phase.values()) {
      if (phase.name().equals(name)) {
        return phase;
      }
    }
    return Phase.WAITING;
  }

  private static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      return Instant.EPOCH;
    }
  }

  private static String string(Map<String, Object> json, String name) {
    return json.get(name) instanceof String text ? text : "";
  }

  private static long number(Map<String, Object> json, String name) {
    return json.get(name) instanceof Number number ? number.longValue() : 0;
  }

  private static List<String> strings(Map<String, Object> json, String name) {
    if (!(json.get(name) instanceof List<?> list)) {
      return List.of();
    }
    return list.stream()
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .limit(MAX_ITEMS)
        .toList();
  }
}

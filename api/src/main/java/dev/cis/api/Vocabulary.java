package dev.cis.api;

import dev.cis.kernel.fault.Fault;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The names of requests on the wire. */
public final class Vocabulary {
  private static final Map<String, Class<? extends Record>> REQUESTS = new LinkedHashMap<>();

  static {
    for (var type : Request.class.getPermittedSubclasses()) {
      REQUESTS.put(name(type), type.asSubclass(Record.class));
    }
  }

  private Vocabulary() {}

  private static String name(Class<?> type) {
    return type.getSimpleName().replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }

  /** All requests by name. */
  public static Map<String, Class<? extends Record>> requests() {
    return Collections.unmodifiableMap(REQUESTS);
  }

  /** A request as the object that goes over the socket. */
  public static Map<String, Object> toObject(Request request) {
    var object = new LinkedHashMap<String, Object>();
    object.put("request", name(request.getClass()));
    object.putAll(RecordJson.toMap((Record) request));
    return object;
  }

  /** The request that an object describes. */
  public static Request toRequest(Map<String, Object> object) {
    var fields = new LinkedHashMap<>(object);
    if (!(fields.remove("request") instanceof String name)) {
      throw new Fault(ApiCode.MALFORMED, "'request' is missing: it names what is asked");
    }
    var type = REQUESTS.get(name);
    if (type == null) {
      throw new Fault(
          ApiCode.UNKNOWN_REQUEST,
          "unknown request '"
              + name.substring(0, Math.min(40, name.length())).replaceAll("\\p{Cntrl}", "?")
              + "'");
    }
    return (Request) RecordJson.toRecord(type, fields);
  }
}

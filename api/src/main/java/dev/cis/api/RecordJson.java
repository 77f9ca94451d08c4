package dev.cis.api;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Records as JSON objects and back: strict when reading (unknown fields and wrong types are
 * refused), silent about nulls when writing.
 */
public final class RecordJson {
  private static final int MAX_LIST = 10_000;

  private RecordJson() {}

  /** The record as an object of maps, lists, text, numbers and booleans. */
  public static Map<String, Object> toMap(Record record) {
    var map = new LinkedHashMap<String, Object>();
    for (var component : record.getClass().getRecordComponents()) {
      var value = get(component, record);
      if (value != null) {
        map.put(component.getName(), plain(value));
      }
    }
    return map;
  }

  private static Object plain(Object value) {
    return switch (value) {
      case Record record -> toMap(record);
      case List<?> list -> list.stream().map(RecordJson::plain).toList();
      case Map<?, ?> map -> {
        var copy = new LinkedHashMap<String, Object>();
        map.forEach((k, v) -> copy.put(k.toString(), plain(v)));
        yield copy;
      }
      case Instant instant -> instant.toString();
      default -> value;
    };
  }

  /** The JSON text of a map, list or scalar, in one line. */
  public static String text(Object value) {
    try {
      return JSON.std.asString(value);
    } catch (IOException e) {
      throw new IllegalStateException("cannot write JSON", e);
    }
  }

  /** Reads one JSON object. */
  public static Map<String, Object> parse(byte[] bytes) {
    try {
      var value = JSON.std.anyFrom(bytes);
      if (value instanceof Map<?, ?> map) {
        var object = new LinkedHashMap<String, Object>();
        map.forEach((k, v) -> object.put(String.valueOf(k), v));
        return object;
      }
      throw new Fault(ApiCode.MALFORMED, "a JSON object is wanted");
    } catch (JacksonException e) {
      throw new Fault(ApiCode.MALFORMED, "not JSON: " + cut(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new Fault(ApiCode.MALFORMED, "not JSON: " + cut(String.valueOf(e.getMessage())), e);
    }
  }

  /** The record of this type that the object describes. */
  public static <R extends Record> R toRecord(Class<R> type, Map<?, ?> object) {
    var components = type.getRecordComponents();
    var arguments = new @Nullable Object[components.length];
    int used = 0;
    for (int i = 0; i < components.length; i++) {
      var name = components[i].getName();
      if (object.containsKey(name)) {
        used++;
      }
      arguments[i] = typed(name, components[i].getGenericType(), object.get(name));
    }
    if (used != object.size()) {
      var known = Stream.of(components).map(RecordComponent::getName).toList();
      var unknown =
          object.keySet().stream().map(String::valueOf).filter(k -> !known.contains(k)).findFirst();
      throw new Fault(
          ApiCode.MALFORMED,
          "unknown field '" + cut(unknown.orElse("?")) + "': known are " + known);
    }
    return make(type, components, arguments);
  }

  private static <R extends Record> R make(
      Class<R> type, RecordComponent[] components, @Nullable Object[] arguments) {
    var types = new Class<?>[components.length];
    for (int i = 0; i < types.length; i++) {
      types[i] = components[i].getType();
    }
    try {
      var constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Fault fault) {
        throw fault;
      }
      throw new Fault(
          ApiCode.MALFORMED, "bad " + type.getSimpleName() + ": " + e.getCause(), e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make " + type, e);
    }
  }

  private static @Nullable Object typed(String name, Type type, @Nullable Object value) {
    if (value == null) {
      return absent(type);
    }
    if ((type == String.class && value instanceof String)
        || ((type == boolean.class || type == Boolean.class) && value instanceof Boolean)) {
      return value;
    }
    if (value instanceof Number number) {
      return number(name, type, number);
    }
    if (type == Instant.class && value instanceof String text) {
      try {
        return Instant.parse(text);
      } catch (DateTimeException e) {
        throw wrong(name, type);
      }
    }
    if (type instanceof Class<?> c && c.isRecord() && value instanceof Map<?, ?> map) {
      return toRecord(c.asSubclass(Record.class), map);
    }
    if (type instanceof ParameterizedType generic) {
      return collection(name, generic, value);
    }
    throw wrong(name, type);
  }

  private static Object number(String name, Type type, Number value) {
    boolean whole = value instanceof Integer || value instanceof Long;
    if ((type == int.class || type == Integer.class) && value instanceof Integer) {
      return value;
    }
    if ((type == long.class || type == Long.class) && whole) {
      return value.longValue();
    }
    if (type == double.class || type == Double.class) {
      return value.doubleValue();
    }
    throw wrong(name, type);
  }

  private static Object collection(String name, ParameterizedType type, Object value) {
    var arguments = type.getActualTypeArguments();
    if (type.getRawType() == List.class && value instanceof List<?> list) {
      if (list.size() > MAX_LIST) {
        throw new Fault(
            ApiCode.TOO_LARGE, "'" + name + "' has more than " + MAX_LIST + " elements");
      }
      var typed = new ArrayList<Object>();
      for (var element : list) {
        typed.add(element(name, arguments[0], element));
      }
      return List.copyOf(typed);
    }
    if (type.getRawType() == Map.class && value instanceof Map<?, ?> map) {
      var typed = new LinkedHashMap<String, Object>();
      map.forEach((k, v) -> typed.put(String.valueOf(k), element(name, arguments[1], v)));
      return Collections.unmodifiableMap(typed);
    }
    throw wrong(name, type);
  }

  private static Object element(String name, Type type, @Nullable Object value) {
    var typed = value == null ? null : typed(name, type, value);
    if (typed == null) {
      throw new Fault(ApiCode.MALFORMED, "'" + name + "' has a null in it");
    }
    return typed;
  }

  private static @Nullable Object absent(Type type) {
    if (type == boolean.class) {
      return false;
    }
    if (type == int.class) {
      return 0;
    }
    if (type == long.class) {
      return 0L;
    }
    return type == double.class ? (Object) 0.0 : null;
  }

  private static Fault wrong(String name, Type type) {
    var wanted = type instanceof Class<?> c ? c.getSimpleName() : type.getTypeName();
    return new Fault(ApiCode.MALFORMED, "'" + cut(name) + "' is not of type " + wanted);
  }

  private static String cut(String text) {
    return text.substring(0, Math.min(200, text.length())).replaceAll("\\p{Cntrl}", "?");
  }

  private static @Nullable Object get(RecordComponent component, Record record) {
    try {
      var accessor = component.getAccessor();
      accessor.setAccessible(true);
      return accessor.invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read " + component, e);
    }
  }
}

package dev.cis.node;

import dev.cis.kernel.fault.Fault;
import dev.cis.transport.Address;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * One table of the configuration file and the record that it becomes: each component is a key, in
 * snake case. Defaults and checks are the record's own, so that they stand in one place only.
 *
 * @param name the table's name
 * @param defaults the record with all defaults
 * @param hidden paths of components that are set from elsewhere, such as {@code listen}
 */
record Section(String name, Record defaults, Set<String> hidden) {
  /** The keys, in the record's order; those of a record inside it stand beside its own. */
  List<Setting> settings() {
    var settings = new ArrayList<Setting>();
    collect(defaults, "", settings);
    return settings;
  }

  private void collect(Record record, String prefix, List<Setting> into) {
    for (var component : record.getClass().getRecordComponents()) {
      var path = prefix + component.getName();
      var value = value(component, record);
      if (hidden.contains(path)) {
        continue;
      }
      if (value instanceof Record inner && component.getType().isRecord() && !isValue(inner)) {
        collect(inner, path + ".", into);
      } else {
        into.add(
            new Setting(
                key(component), ValueType.of(component.getGenericType()), value, path, this));
      }
    }
  }

  private static boolean isValue(Record record) {
    return record instanceof Address;
  }

  private String key(RecordComponent component) {
    if (component.getName().equals("bootstrap") && name.equals("p2p")) {
      return "p2p.bootstrap.nodes"; // the shape that users of earlier versions have
    }
    return name
        + "."
        + component.getName().replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
  }

  /** The record with some components replaced; the record's own checks apply. */
  Record with(Map<String, Object> values) {
    return with(defaults, "", values);
  }

  private static Record with(Record record, String prefix, Map<String, Object> values) {
    var components = record.getClass().getRecordComponents();
    var arguments = new Object[components.length];
    var types = new Class<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      var path = prefix + components[i].getName();
      var value = value(components[i], record);
      types[i] = components[i].getType();
      arguments[i] =
          value instanceof Record inner && !isValue(inner)
              ? with(inner, path + ".", values)
              : values.getOrDefault(path, value);
    }
    try {
      var constructor = record.getClass().getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return (Record) constructor.newInstance(arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Fault fault) {
        throw fault;
      }
      if (e.getCause() instanceof IllegalArgumentException refused) {
        throw refused;
      }
      throw new IllegalStateException("cannot make " + record.getClass(), e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make " + record.getClass(), e);
    }
  }

  private static Object value(RecordComponent component, Record record) {
    try {
      var accessor = component.getAccessor();
      accessor.setAccessible(true);
      return accessor.invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read " + component, e);
    }
  }
}

package dev.cis.node;

import dev.cis.kernel.fault.Fault;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
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
 * @param hidden components that are set from elsewhere
 */
record Section(String name, Record defaults, Set<String> hidden) {
  /** The keys, in the record's order. */
  List<Setting> settings() {
    var settings = new ArrayList<Setting>();
    for (var component : defaults.getClass().getRecordComponents()) {
      if (!hidden.contains(component.getName())) {
        settings.add(
            new Setting(
                key(component),
                ValueType.of(component.getGenericType()),
                value(component, defaults),
                component.getName(),
                this));
      }
    }
    return settings;
  }

  private String key(RecordComponent component) {
    if (component.getName().equals("bootstrap") && name.equals("p2p")) {
      return "p2p.bootstrap.nodes"; // the shape of source 003
    }
    return name
        + "."
        + component.getName().replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
  }

  /** The record with some components replaced; the record's own checks apply. */
  Record with(Map<String, Object> values) {
    var components = defaults.getClass().getRecordComponents();
    var arguments =
        Arrays.stream(components)
            .map(c -> values.getOrDefault(c.getName(), value(c, defaults)))
            .toArray();
    var types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      var constructor = defaults.getClass().getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(arguments);
    } catch (java.lang.reflect.InvocationTargetException e) {
      if (e.getCause() instanceof Fault || e.getCause() instanceof IllegalArgumentException) {
        throw (RuntimeException) e.getCause();
      }
      throw new IllegalStateException("cannot make " + defaults.getClass(), e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make " + defaults.getClass(), e);
    }
  }

  static Object value(RecordComponent component, Record record) {
    try {
      var accessor = component.getAccessor();
      accessor.setAccessible(true);
      return accessor.invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read " + component, e);
    }
  }
}

package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.RecordComponent;
import java.net.URL;
import java.net.URLClassLoader;
import org.junit.jupiter.api.Test;

class TransportConfigTest {
  /** Loads the classes anew, as a program does that was just started. */
  private static final class Fresh extends URLClassLoader {
    Fresh() {
      super(
          new URL[] {TransportConfig.class.getProtectionDomain().getCodeSource().getLocation()},
          TransportConfigTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      synchronized (getClassLoadingLock(name)) {
        if (name.startsWith("dev.cis.transport.")) {
          var loaded = findLoadedClass(name);
          return loaded == null ? findClass(name) : loaded;
        }
      }
      return super.loadClass(name, resolve);
    }
  }

  @Test
  void theDefaultsAreWholeWhicheverTableIsLookedAtFirst() throws Exception {
    for (var table : TransportConfig.class.getRecordComponents()) {
      if (!table.getType().isRecord()) {
        continue;
      }
      try (var fresh = new Fresh()) {
        Class.forName(table.getType().getName(), true, fresh);
        var config = Class.forName(TransportConfig.class.getName(), true, fresh);
        var defaults = config.getField("DEFAULT").get(null);
        for (RecordComponent each : config.getRecordComponents()) {
          assertThat(each.getAccessor().invoke(defaults))
              .as("%s with %s first", each.getName(), table.getName())
              .isNotNull();
        }
      }
    }
  }
}

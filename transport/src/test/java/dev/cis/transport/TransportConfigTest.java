package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import java.lang.reflect.RecordComponent;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
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

  @Test
  void aSettingOutOfRangeIsRefusedByItsKey() {
    refused(() -> new ConnectionLimits(0, 2, 1, Duration.ZERO), "max_connections");
    refused(() -> new ConnectionLimits(9, 2, 0, Duration.ZERO), "low_water");
    refused(() -> new ConnectionLimits(9, 2, 3, Duration.ZERO), "high_water");
    refused(() -> new ConnectionLimits(9, 2, 1, Duration.ofMillis(-1)), "grace_period");
    refused(() -> new SourceLimits(0, 1, 1, 1, 0, 1, 1), "max_connections_per_ip");
    refused(() -> new SourceLimits(1, 0, 1, 1, 0, 1, 1), "max_connections_per_subnet");
    refused(() -> new SourceLimits(1, 1, 0, 1, 0, 1, 1), "max_connections_per_site");
    refused(() -> new SourceLimits(1, 1, 1, 0, 0, 1, 1), "max_connections_per_private_ip");
    refused(() -> new SourceLimits(1, 1, 1, 1, -1, 1, 1), "busy_handshakes");
    refused(() -> new SourceLimits(1, 1, 1, 1, 0, 0, 1), "max_handshakes");
    refused(() -> new SourceLimits(1, 1, 1, 1, 0, 1, 0), "max_handshakes_per_network");
    refused(() -> new StreamLimits(7, 1, 1, 1 << 20), "max_inbound_streams");
    refused(() -> new StreamLimits(8, 0, 1, 1 << 20), "max_streams_per_protocol");
    refused(() -> new StreamLimits(8, 1, 0, 1 << 20), "max_stream_rate");
    refused(() -> new StreamLimits(8, 1, 1, 100), "max_frame");
    refused(() -> new ResourceLimits(1, 1, 0), "max_memory");
    refused(() -> new ResourceLimits(2 << 20, 3 << 20, 0), "max_memory_per_peer");
    refused(() -> new ResourceLimits(2 << 20, 1 << 20, -1), "reserved_files");
    refused(() -> Dialling.DEFAULT.withDials(0, 1), "max_dials");
    refused(() -> Dialling.DEFAULT.withDials(1, 0), "max_dial_rate");
    refused(() -> Dialling.DEFAULT.withDisconnectRest(Duration.ZERO), "disconnect_rest");
  }

  private static void refused(ThrowingCallable making, String key) {
    assertThatThrownBy(making)
        .isInstanceOf(Fault.class)
        .hasMessageStartingWith("transport." + key + " ");
  }
}

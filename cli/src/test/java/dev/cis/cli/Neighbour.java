package dev.cis.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A real avahi-daemon on a host of the lab, with a message bus of its own. Its run-time directory
 * is compiled in: in a mount namespace nobody else's is touched.
 */
final class Neighbour implements AutoCloseable {
  private static final String BUS_RULES =
      """
      <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
       "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
      <busconfig><type>system</type><listen>unix:path=@BUS@</listen><auth>EXTERNAL</auth>
      <policy context="default"><allow send_destination="*" eavesdrop="true"/>
      <allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>
      """;
  private static final String SETTINGS =
      """
      [server]
      host-name=neighbour
      use-ipv4=yes
      use-ipv6=yes
      allow-interfaces=eth0
      [wide-area]
      enable-wide-area=no
      [publish]
      publish-hinfo=no
      publish-workstation=no
      """;
  private static final String SCRIPT =
      """
      set -e
      mkdir -p /run/avahi-daemon
      mount -t tmpfs tmpfs /run/avahi-daemon
      dbus-daemon --config-file="$1/bus.conf" --nofork --nopidfile &
      until [ -S "$1/bus" ]; do sleep 0.05; done
      export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$1/bus"
      exec avahi-daemon -f "$1/avahi.conf" --no-drop-root --no-chroot --no-rlimits
      """;

  private final String host;
  private final Path directory;
  private final List<Process> running = new ArrayList<>();

  private Neighbour(String host, Path directory) {
    this.host = host;
    this.directory = directory;
  }

  /** Whether the programs are there. */
  static boolean isInstalled() {
    return Files.isExecutable(Path.of("/usr/sbin/avahi-daemon"))
        && Files.isExecutable(Path.of("/usr/bin/avahi-browse"))
        && Files.isExecutable(Path.of("/usr/bin/dbus-daemon"));
  }

  /**
   * Starts it.
   *
   * @param directory for its files; a path of less than a hundred characters
   */
  static Neighbour start(String host, Path directory) throws IOException {
    var neighbour = new Neighbour(host, directory);
    Files.writeString(
        directory.resolve("bus.conf"), BUS_RULES.replace("@BUS@", "" + directory.resolve("bus")));
    Files.writeString(directory.resolve("avahi.conf"), SETTINGS);
    var script = directory.resolve("run.sh");
    Files.writeString(script, SCRIPT);
    var _ = neighbour.spawn("avahi.log", "unshare", "-m", "sh", script.toString(), "" + directory);
    return neighbour;
  }

  /** Announces a service until it is destroyed. */
  Process publish(String name, int port, String... text) throws IOException {
    var words = new ArrayList<>(List.of("avahi-publish", "-s", name, "_cis._udp", "" + port));
    words.addAll(List.of(text));
    return spawn("publish.log", words.toArray(String[]::new));
  }

  /** What avahi sees of our type now, one resolved instance a line; empty while it starts. */
  String browse() {
    try {
      var process =
          builder("timeout", "20", "avahi-browse", "-rtp", "_cis._udp")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      var seen =
          new String(
              process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
      boolean _ = process.waitFor(30, TimeUnit.SECONDS);
      return seen;
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  private Process spawn(String log, String... words) throws IOException {
    var process =
        builder(words)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve(log).toFile())
            .start();
    running.add(process);
    return process;
  }

  private ProcessBuilder builder(String... words) {
    var command = new ArrayList<>(Lab.on(host));
    command.addAll(List.of(words));
    var builder = new ProcessBuilder(command).redirectInput(new java.io.File("/dev/null"));
    builder.environment().put("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=" + directory.resolve("bus"));
    return builder;
  }

  @Override
  public void close() {
    for (var process : running) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}

package dev.cis.deploy.pack;

import dev.cis.deploy.pack.Manifest.HealthCheck;
import dev.cis.deploy.pack.Manifest.HealthType;
import dev.cis.deploy.pack.Manifest.Hooks;
import dev.cis.deploy.pack.Manifest.Port;
import dev.cis.deploy.pack.Manifest.Resources;
import dev.cis.deploy.pack.Manifest.Restart;
import dev.cis.deploy.pack.Manifest.RestartPolicy;
import dev.cis.deploy.pack.Manifest.Update;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.semver4j.Semver;

/** From the tree of a manifest's YAML to the manifest. */
final class ManifestReader {
  private static final String NAME = "[a-z][a-z0-9-]{0,62}";
  private static final String LABEL = "[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?";
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration DAY = Duration.ofDays(1);

  private final String source;

  ManifestReader(String source) {
    this.source = source;
  }

  Manifest read(byte[] yaml) {
    var tree = YamlTree.parse(yaml, source);
    if (!(tree instanceof YamlTree.Mapping mapping)) {
      throw YamlTree.bad(source, tree.line(), "a manifest is a mapping such as 'name: myapp'");
    }
    var top =
        new ManifestSection(
            source,
            "",
            mapping,
            List.of(
                "name",
                "version",
                "description",
                "entrypoint",
                "args",
                "env",
                "resources",
                "health_check",
                "restart",
                "hooks",
                "labels",
                "ports",
                "update",
                "created_at"));
    return new Manifest(
        top.matching("name", NAME, "1 to 63 of a-z, 0-9 and '-', beginning with a letter"),
        version(top),
        top.text("description", "", 1_000),
        program(top, "entrypoint"),
        top.texts("args"),
        env(top),
        resources(top),
        health(top),
        restart(top),
        hooks(top),
        labels(top),
        ports(top),
        top.choice("update", Update.class, Update.IMMEDIATE),
        createdAt(top));
  }

  private static Semver version(ManifestSection top) {
    var text = top.required("version", 128);
    if (!Semver.isValid(text)) {
      throw top.bad(
          "version", "'" + Texts.printable(text) + "' is no semantic version such as 1.0.0");
    }
    var version = new Semver(text);
    if (!version.toString().equals(text) || text.contains("/")) {
      throw top.bad("version", "write it as " + version);
    }
    return version;
  }

  private static String program(ManifestSection section, String key) {
    return checkedProgram(section, key, section.required(key, 1_024));
  }

  /** A path inside the package, or an absolute path on the node. */
  private static String checkedProgram(ManifestSection section, String key, String path) {
    if (path.startsWith("/")) {
      return path;
    }
    var plain = path.startsWith("./") ? path.substring(2) : path;
    for (var part : plain.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        throw section.bad(
            key, "'" + Texts.printable(path) + "' is no path inside the package, nor absolute");
      }
    }
    return plain;
  }

  private static SortedMap<String, String> env(ManifestSection top) {
    var env = top.map("env");
    for (var name : env.keySet()) {
      if (!name.matches("[A-Za-z_][A-Za-z0-9_]{0,127}")) {
        throw top.bad(
            "env", "'" + Texts.printable(name) + "' is no name for a variable: A-Z, 0-9 and '_'");
      }
    }
    return env;
  }

  private static Resources resources(ManifestSection top) {
    var section = top.section("resources", "cpu_limit", "memory_limit", "cpu_percent", "memory_mb");
    if (section.isEmpty()) {
      return Resources.UNLIMITED;
    }
    var is = section.get();
    is.notBoth("cpu_limit", "cpu_percent");
    is.notBoth("memory_limit", "memory_mb");
    double cpus = is.has("cpu_percent") ? is.number("cpu_percent", 1, 102_400) / 100 : cpus(is);
    long memory =
        is.has("memory_mb")
            ? (long) (is.number("memory_mb", 1, 1 << 24) * (1 << 20))
            : is.size("memory_limit");
    return new Resources(cpus, memory);
  }

  private static double cpus(ManifestSection section) {
    return section.has("cpu_limit") ? section.cpus("cpu_limit") : 0;
  }

  private static HealthCheck health(ManifestSection top) {
    var found =
        top.section(
            "health_check",
            "type",
            "endpoint",
            "command",
            "interval",
            "timeout",
            "retries",
            "start_period");
    var base = HealthCheck.DEFAULT;
    if (found.isEmpty()) {
      return base;
    }
    var is = found.get();
    var type = is.choice("type", HealthType.class, HealthType.PROCESS);
    var endpoint = is.text("endpoint", "", 1_024);
    var command = command(is, "command");
    switch (type) {
      case HTTP -> {
        if (!endpoint.matches("https?://[^\\s]+")) {
          throw is.bad("endpoint", "a URL is expected, such as http://localhost:8080/health");
        }
      }
      case TCP -> {
        if (!endpoint.matches("[^\\s/]+:[0-9]{1,5}")) {
          throw is.bad("endpoint", "host:port is expected, such as localhost:8080");
        }
      }
      case EXEC -> {
        if (command.isEmpty()) {
          throw is.bad("command", "a health check of type exec needs a command");
        }
      }
      case PROCESS -> {}
    }
    return new HealthCheck(
        type,
        endpoint,
        command,
        is.duration("interval", base.interval(), SECOND.dividedBy(10), DAY),
        is.duration("timeout", base.timeout(), SECOND.dividedBy(10), DAY),
        (int) is.whole("retries", base.retries(), 1, 1_000),
        is.duration("start_period", base.startPeriod(), Duration.ZERO, DAY));
  }

  private static List<String> command(ManifestSection section, String key) {
    var words = section.texts(key);
    if (!words.isEmpty()) {
      var command = new java.util.ArrayList<>(words);
      command.set(0, checkedProgram(section, key, words.getFirst()));
      return command;
    }
    return words;
  }

  private static Restart restart(ManifestSection top) {
    var base = Restart.DEFAULT;
    if (top.isScalar("restart")) {
      return new Restart(
          top.choice("restart", RestartPolicy.class, base.policy()),
          base.delay(),
          base.maxDelay(),
          base.maxRestarts(),
          base.window());
    }
    var found = top.section("restart", "policy", "delay", "max_delay", "max_restarts", "window");
    if (found.isEmpty()) {
      return base;
    }
    var is = found.get();
    var delay = is.duration("delay", base.delay(), Duration.ZERO, DAY);
    var standard = base.maxDelay().compareTo(delay) < 0 ? delay : base.maxDelay();
    return new Restart(
        is.choice("policy", RestartPolicy.class, base.policy()),
        delay,
        is.duration("max_delay", standard, delay, DAY),
        (int) is.whole("max_restarts", base.maxRestarts(), 0, 1_000_000),
        is.duration("window", base.window(), SECOND, DAY));
  }

  private static Hooks hooks(ManifestSection top) {
    return top.section("hooks", "pre_start", "post_start", "pre_stop", "post_stop")
        .map(is ->
            new Hooks(
                command(is, "pre_start"),
                command(is, "post_start"),
                command(is, "pre_stop"),
                command(is, "post_stop")))
        .orElse(Hooks.NONE);
  }

  private static SortedMap<String, String> labels(ManifestSection top) {
    var labels = top.map("labels");
    labels.forEach((key, value) -> {
      if (!key.matches(LABEL) || !(value.isEmpty() || value.matches(LABEL))) {
        throw top.bad("labels", "'" + Texts.printable(key + ": " + value) + "' is no label");
      }
    });
    return new TreeMap<>(labels);
  }

  private static List<Port> ports(ManifestSection top) {
    return top.items("ports").stream()
        .map(item ->
            switch (item) {
              case YamlTree.Mapping mapping -> {
                var is =
                    new ManifestSection(
                        top.source(), "ports.", mapping, List.of("name", "port", "protocol"));
                yield port(
                    is,
                    is.text("name", "", 63),
                    is.required("port", 5),
                    is.text("protocol", "tcp", 3));
              }
              case YamlTree.Scalar(_, var text) -> {
                int slash = text.indexOf('/');
                yield slash < 0
                    ? port(top, "", text, "tcp")
                    : port(top, "", text.substring(0, slash), text.substring(slash + 1));
              }
              case YamlTree.Sequence _ -> throw top.bad("ports", "a port is a number");
            })
        .toList();
  }

  private static Port port(ManifestSection section, String name, String port, String protocol) {
    if (port.matches("[1-9][0-9]{0,4}")
        && Integer.parseInt(port) <= 65_535
        && (protocol.equals("tcp") || protocol.equals("udp"))) {
      return new Port(name, Integer.parseInt(port), protocol);
    }
    throw section.bad(
        section.has("ports") ? "ports" : "port",
        "'" + Texts.printable(port) + "' is no port such as 8080, 53/udp or {port: 8080}");
  }

  private static Optional<Instant> createdAt(ManifestSection top) {
    if (!top.has("created_at")) {
      return Optional.empty();
    }
    var text = top.required("created_at", 64);
    try {
      var instant = java.time.OffsetDateTime.parse(text).toInstant();
      if (instant.getEpochSecond() >= 0 && instant.getEpochSecond() < 1L << 33) {
        return Optional.of(instant);
      }
    } catch (java.time.DateTimeException e) {
      throw top.bad(
          "created_at", "'" + Texts.printable(text) + "' is no time such as 2026-01-19T10:00:00Z");
    }
    throw top.bad("created_at", "a time from 1970 to 2242 is expected");
  }
}

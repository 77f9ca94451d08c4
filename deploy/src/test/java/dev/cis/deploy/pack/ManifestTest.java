package dev.cis.deploy.pack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.deploy.pack.Manifest.HealthType;
import dev.cis.deploy.pack.Manifest.Port;
import dev.cis.deploy.pack.Manifest.RestartPolicy;
import dev.cis.deploy.pack.Manifest.Update;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ManifestTest {
  static final String FULL =
      """
      name: myapp
      version: 1.10.0-rc.1+build.5
      description: My application
      entrypoint: bin/myapp
      args:
        - --config
        - config/config.yaml
      env:
        APP_ENV: test
        PORT: 8080
        DEBUG: true
      resources:
        cpu_limit: "1.5"
        memory_limit: 512Mi
      health_check:
        type: http
        endpoint: http://localhost:8080/health
        interval: 10s
        timeout: 500ms
        retries: 4
        start_period: 1m
      restart:
        policy: on-failure
        delay: 2s
        max_restarts: 9
      hooks:
        pre_start: bin/prepare
        post_stop: [/bin/rm, -f, /tmp/x]
      labels: {tier: web}
      ports:
        - 8080
        - {name: dns, port: 53, protocol: udp}
      update: graceful
      created_at: "2026-01-19T10:00:00Z"
      """;

  private static Manifest parse(String yaml) {
    return Manifest.parse(Bytes.utf8(yaml), "manifest.yaml");
  }

  @Test
  void readsEveryKey() {
    var is = parse(FULL);
    assertThat(is.version()).hasToString("1.10.0-rc.1+build.5");
    assertThat(is.packageName()).isEqualTo("myapp-1.10.0-rc.1+build.5.p2p");
    assertThat(is.args()).containsExactly("--config", "config/config.yaml");
    assertThat(is.env()).containsEntry("PORT", "8080").containsEntry("DEBUG", "true");
    assertThat(is.resources()).isEqualTo(new Manifest.Resources(1.5, 512L << 20));
    assertThat(is.health().type()).isEqualTo(HealthType.HTTP);
    assertThat(is.health().timeout()).isEqualTo(Duration.ofMillis(500));
    assertThat(is.health().retries()).isEqualTo(4);
    assertThat(is.health().startPeriod()).isEqualTo(Duration.ofMinutes(1));
    assertThat(is.restart().policy()).isEqualTo(RestartPolicy.ON_FAILURE);
    assertThat(is.restart().delay()).isEqualTo(Duration.ofSeconds(2));
    assertThat(is.restart().maxRestarts()).isEqualTo(9);
    assertThat(is.hooks().preStart()).containsExactly("bin/prepare");
    assertThat(is.hooks().postStop()).containsExactly("/bin/rm", "-f", "/tmp/x");
    assertThat(is.labels()).containsEntry("tier", "web");
    assertThat(is.ports()).containsExactly(new Port("", 8080, "tcp"), new Port("dns", 53, "udp"));
    assertThat(is.update()).isEqualTo(Update.GRACEFUL);
    assertThat(is.createdAt()).contains(Instant.parse("2026-01-19T10:00:00Z"));
  }

  @Test
  void fillsInDefaults() {
    var is = parse("name: a\nversion: 1.0.0\nentrypoint: ./run\n");
    assertThat(is.entrypoint()).isEqualTo("run");
    assertThat(is.health()).isEqualTo(Manifest.HealthCheck.DEFAULT);
    assertThat(is.restart()).isEqualTo(Manifest.Restart.DEFAULT);
    assertThat(is.resources()).isEqualTo(Manifest.Resources.UNLIMITED);
    assertThat(is.update()).isEqualTo(Update.IMMEDIATE);
    assertThat(is.createdAt()).isEmpty();
  }

  @Test
  void readsTheOlderNamesOfLimits() {
    var is =
        parse(
            """
            name: a
            version: 1.0.0
            entrypoint: run
            resources: {cpu_percent: 50, memory_mb: 256}
            """);
    assertThat(is.resources()).isEqualTo(new Manifest.Resources(0.5, 256L << 20));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "healthcheck: {type: tcp} | manifest.yaml:4 | did you mean 'health_check'?",
        "health_check: {intervall: 5s} | manifest.yaml:4 | did you mean 'interval'?",
        "health_check: {type: htpt} | health_check.type | did you mean 'http'?",
        "health_check: {type: http} | health_check.endpoint | a URL is expected",
        "health_check: {interval: soon} | health_check.interval | 500ms, 10s",
        "resources: {memory_limit: much} | resources.memory_limit | such as 512Mi",
        "resources: {cpu_limit: 1, cpu_percent: 5} | resources.cpu_percent | not both",
        "env: {1A: x} | env | no name for a variable",
        "args: {a: b} | args | a list of texts",
        "ports: [70000] | ports | no port",
        "hooks: {pre_start: ../x} | hooks.pre_start | no path inside the package",
        "created_at: yesterday | created_at | 2026-01-19T10:00:00Z",
        "update: never | update | immediate, graceful, manual",
        "name: b | manifest.yaml | Duplicate",
        "labels: &x {a: b} | manifest.yaml:4 | anchors",
        "args: [*x] | manifest.yaml | ",
        "args: [[[[[[[[[[[x]]]]]]]]]]] | manifest.yaml:4 | nested deeper",
        "'--- \nname: c' | manifest.yaml | second document",
        "args: [ | manifest.yaml | not valid YAML"
      })
  void saysWhereWhatAndWhatIsExpected(String line, String where, String what) {
    var yaml = "name: a\nversion: 1.0.0\nentrypoint: run\n" + line + "\n";
    var message = Samples.refused(() -> parse(yaml), PackCode.BAD_MANIFEST);
    assertThat(message).contains(where).contains(what == null ? "" : what);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name: A | name:",
        "name: ../x | name:",
        "version: 1.0 | version:",
        "version: 1.0.0/../../x | version:",
        "entrypoint: ../x | entrypoint:"
      })
  void refusesNamesThatCouldBecomeOtherPaths(String line, String where) {
    var key = line.substring(0, line.indexOf(':'));
    var yaml =
        "name: a\nversion: 1.0.0\nentrypoint: run\n".replaceAll("(?m)^" + key + ": .*$", line);
    assertThat(Samples.refused(() -> parse(yaml), PackCode.BAD_MANIFEST)).contains(where);
  }

  @Test
  void refusesNothingAtAllAndTooMuch() {
    Samples.refused(() -> parse(""), PackCode.BAD_MANIFEST);
    Samples.refused(() -> parse("- a\n"), PackCode.BAD_MANIFEST);
    Samples.refused(() -> parse("#" + "x".repeat(70_000)), PackCode.BAD_MANIFEST);
  }
}

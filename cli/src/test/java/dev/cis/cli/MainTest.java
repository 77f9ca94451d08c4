package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Command lines that need no daemon, in this process. */
class MainTest {
  @TempDir Path directory;

  private record Output(int exit, String out, String err) {}

  private Output run(String... words) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int exit =
        Main.run(
            words,
            Map.of("CIS_HOME", directory.resolve("home").toString()),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Output(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void aWrongWordSuggestsTheRightOne() {
    var output = run("p2p", "stattus");
    assertThat(output.exit()).isEqualTo(2);
    assertThat(output.out()).isEmpty();
    assertThat(output.err()).contains("unknown command 'stattus'", "did you mean 'status'");
    assertThat(run("memry").err()).contains("did you mean 'memory'");
    assertThat(run("p2p", "peers", "--verbos").err()).contains("did you mean '--verbose'");
  }

  @Test
  void withoutADaemonCommandsSayHowToStartOneAndExitWithSix() {
    var output = run("p2p", "status");
    assertThat(output.exit()).isEqualTo(6);
    assertThat(output.err()).contains("no daemon is running for", "cis p2p start");
    var json = run("p2p", "status", "--json");
    assertThat(json.err()).contains("\"code\":\"api.no-daemon\"");
  }

  @Test
  void initIsSafeToRepeat() throws IOException {
    var first = JSON.std.mapFrom(run("init", "--name", "n1", "--json").out());
    var again = JSON.std.mapFrom(run("init", "--json").out());
    assertThat(first)
        .containsOnlyKeys("node", "did", "name", "home", "realm", "realmName", "created");
    assertThat(first.get("realmName")).isEqualTo("n1");
    assertThat(again.get("realm")).isEqualTo(first.get("realm"));
    assertThat(again.get("node")).isEqualTo(first.get("node"));
    assertThat(again.get("created")).isEqualTo(false);
    assertThat(again.get("name")).isEqualTo("n1");
  }

  @Test
  void realmsAreMadeAndJoinedBeforeTheNodeRuns() throws IOException {
    var lab = JSON.std.mapFrom(run("init", "--name", "n1", "--realm", "lab", "--json").out());
    assertThat(lab.get("realmName")).isEqualTo("lab");
    var invite = run("p2p", "invite", "--json");
    assertThat(invite.exit()).isZero();
    assertThat(invite.err()).contains("This is a secret");
    var invitation = String.valueOf(JSON.std.mapFrom(invite.out()).get("invitation"));

    var other = directory.resolve("other").toString();
    for (var bad : new String[] {"", "nonsense", invitation.substring(0, 99), invitation + "AA"}) {
      var refused = run("--home", other, "init", "--join", bad, "--json");
      assertThat(refused.exit()).isEqualTo(2);
      assertThat(refused.err()).contains("realm.bad-invitation");
    }
    assertThat(Files.exists(directory.resolve("other"))).as("nothing was written").isFalse();
    var newer = run("--home", other, "init", "--join", invitation.replace("-1.", "-7."), "--json");
    assertThat(newer.err()).contains("realm.invitation-version");
    var joined =
        JSON.std.mapFrom(run("--home", other, "init", "--join", invitation, "--json").out());
    assertThat(joined.get("realm")).isEqualTo(lab.get("realm"));
    assertThat(run("--home", other, "p2p", "invite", "--json").err()).contains("realm.not-admin");

    assertThat(run("p2p", "realm", "rotate-key").out()).contains("2 (newest)");
    assertThat(run("p2p", "realm", "create", "more", "--json").out()).contains("\"more\"");
    assertThat(run("p2p", "realm", "list").out()).contains("lab", "more");
    assertThat(run("p2p", "realm", "show", "nowhere", "--json").err()).contains("realm.unknown");
    assertThat(run("p2p", "realm", "revoke", String.valueOf(joined.get("node"))).exit())
        .isEqualTo(2);
    assertThat(run("p2p", "realm", "revoke", String.valueOf(joined.get("node")), "--yes").out())
        .contains("3 (newest)");
    var outsider = String.valueOf(joined.get("node"));
    assertThat(run("p2p", "deny", outsider).exit()).isZero();
    assertThat(run("p2p", "access").out()).contains("denied", outsider, "command");
    assertThat(run("p2p", "deny", "nobody").exit()).isEqualTo(2);
    assertThat(run("p2p", "allow").exit()).isEqualTo(2);
    assertThat(run("p2p", "allow", outsider, "--everyone").exit()).isEqualTo(2);
    assertThat(run("p2p", "allow", outsider, "--only").out()).contains("alone are allowed");
    assertThat(run("p2p", "access", "--json").out()).contains("\"only\":true", "\"denied\":[]");
    assertThat(run("p2p", "allow", "--everyone").exit()).isZero();
    assertThat(run("p2p", "access").err()).contains("everybody is let in");

    assertThat(run("p2p", "realm", "leave", "lab").err()).contains("--yes");
    assertThat(run("p2p", "realm", "leave", "lab", "--yes", "--json").err())
        .contains("realm.cannot-leave", "--next-home");
    assertThat(run("p2p", "realm", "leave", "lab", "--next-home", "more", "--yes").out())
        .contains("left lab; home is more");
    assertThat(run("p2p", "realm", "leave", "more", "--yes", "--json").err())
        .contains("only realm");
    assertThat(run("p2p", "invite", "--expires", "soon").exit()).isEqualTo(2);
    assertThat(run("init", "--open", "--realm", "x").exit()).isEqualTo(2);
    assertThat(run("--home", directory.resolve("third").toString(), "init", "--open").err())
        .contains("The realm is open");

    Files.write(directory.resolve("home/realms"), new byte[100]);
    assertThat(run("p2p", "realm", "list", "--json").err()).contains("realm.corrupt");
  }

  @Test
  void aCorruptConfigurationIsRefusedBeforeAnythingStarts() throws IOException {
    var _ = run("init");
    Files.writeString(directory.resolve("home/config.toml"), "[p2p]\nlisten_prt = 1\n");
    for (var words : new String[][] {{"config", "check"}, {"p2p", "start"}}) {
      var output = run(words);
      assertThat(output.exit()).isEqualTo(2);
      assertThat(output.err()).contains("config.toml", "did you mean 'p2p.listen_port'");
    }
  }

  @Test
  void aPackageGoesFromDirectoryToVerifiedAndATamperedOneIsRefused() throws IOException {
    var source = directory.resolve("hello").toString();
    assertThat(run("keys", "generate", "me").exit()).isZero();
    assertThat(run("package", "init", source).exit()).isZero();
    assertThat(run("package", "build", source, "--output", directory.toString()).exit()).isZero();
    var file = directory.resolve("hello-1.0.0.p2p");
    assertThat(run("package", "sign", file.toString()).exit()).isZero();
    assertThat(run("package", "verify", file.toString()).exit()).isEqualTo(5);
    assertThat(run("keys", "trust", "me").exit()).isZero();
    assertThat(run("package", "verify", file.toString()).exit()).isZero();
    assertThat(run("package", "inspect", file.toString(), "--json").out()).contains("bin/run");

    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1200] ^= 1;
    Files.write(file, bytes);
    var output = run("package", "verify", file.toString());
    assertThat(output.exit()).isNotZero();
    assertThat(output.err()).startsWith("cis: ").doesNotContain("\tat ");
  }

  @Test
  void aPublicKeyIsTrustedFromItsText() {
    assertThat(run("keys", "generate", "me").exit()).isZero();
    var word = run("keys", "export", "me").out().strip();
    assertThat(word).matches("[0-9a-f]{64}");
    assertThat(run("keys", "trust", word, "--name", "you").exit()).isZero();
    assertThat(run("keys", "revoke", "you").exit()).isZero();
    var pem = run("keys", "export", "me", "--pem").out().strip();
    assertThat(run("keys", "trust", pem, "--name", "you").exit()).isZero();
    assertThat(run("keys", "list").out()).contains("me");
    assertThat(run("keys", "revoke", "you").exit()).isZero();
  }

  @Test
  void everyCommandHasHelpAndCompletion() {
    help(Words.tree(), "");
    for (var shell : new String[] {"bash", "zsh", "fish"}) {
      assertThat(run("completion", shell).out()).contains("sync-status", "deploy");
    }
  }

  private void help(Words words, String before) {
    for (var word : words.words()) {
      var line = (before + " " + word.name()).strip();
      var output = run((line + " --help").split(" ", -1));
      assertThat(output.exit()).as(line).isZero();
      assertThat(output.out()).as(line).startsWith("Usage: cis " + line);
      help(word, line);
    }
  }
}

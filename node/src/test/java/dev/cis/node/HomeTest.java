package dev.cis.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeTest {
  @TempDir Path directory;

  private Home home() {
    return new Home(directory.resolve("node"));
  }

  @Test
  void anIdentityIsMadeOnceAndOnlyItsOwnerMayReadIt() throws IOException {
    var first = home().identityOrNew();
    assertThat(home().identityOrNew().nodeId()).isEqualTo(first.nodeId());
    assertThat(mode(home().identity())).isEqualTo("rw-------");
    assertThat(mode(home().directory())).isEqualTo("rwx------");
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void aKeyThatOthersCanReadIsRefused() throws IOException {
    var _ = home().identityOrNew();
    Files.setPosixFilePermissions(home().identity(), PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> home().readIdentity())
        .isInstanceOf(Fault.class)
        .hasMessageContaining("chmod 600");
  }

  @Test
  void aMissingAndADamagedIdentityAreToldApart() throws IOException {
    home().create();
    assertThatThrownBy(() -> home().readIdentity()).hasMessageContaining("cis init");
    var _ = home().identityOrNew();
    for (var text :
        new String[] {
          "",
          "garbage",
          "-----BEGIN PRIVATE KEY-----",
          "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
        }) {
      Files.writeString(home().identity(), text);
      assertThatThrownBy(() -> home().readIdentity())
          .isInstanceOfSatisfying(
              Fault.class, f -> assertThat(f.code()).isEqualTo(NodeCode.CORRUPT_KEY));
    }
  }

  @Test
  void aDirectoryThatOthersCanWriteIsRefused() throws IOException {
    home().create();
    Files.setPosixFilePermissions(home().directory(), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(() -> home().create()).hasMessageContaining("chmod 700");
  }

  @Test
  void aPathTooLongForASocketIsRefusedBeforeAnythingIsMade() {
    var long1 = new Home(directory.resolve("x".repeat(100)));
    assertThatThrownBy(long1::create).hasMessageContaining("too long");
    assertThat(long1.directory()).doesNotExist();
  }

  @Test
  void aSecondHolderOfTheLockIsRefusedAndToldThePid() {
    home().create();
    try (var _ = HomeLock.take(home())) {
      assertThatThrownBy(() -> HomeLock.take(home()))
          .isInstanceOfSatisfying(
              Fault.class, f -> assertThat(f.code()).isEqualTo(NodeCode.ALREADY_RUNNING))
          .hasMessageContaining("pid " + ProcessHandle.current().pid());
    }
    try (var again = HomeLock.take(home())) {
      assertThat(again).isNotNull();
    }
  }

  @Test
  void newLabelsLeaveTheRestOfTheFileAsItIs() throws IOException {
    home().create();
    Files.writeString(
        home().config(), "# mine\n[labels]\nold = \"1\"\n\n[p2p]\nlisten_port = 7001 # why\n");
    ConfigFile.writeLabels(home(), new TreeMap<>(Map.of("env", "test")));
    assertThat(Files.readString(home().config()))
        .contains("# mine", "listen_port = 7001 # why", "\"env\" = \"test\"")
        .doesNotContain("old");
    var config = Settings.read(home().config(), Map.of(), Map.of()).config();
    assertThat(config.labels()).isEqualTo(Map.of("env", "test"));
    assertThat(config.p2p().listenPort()).isEqualTo(7001);
  }
}

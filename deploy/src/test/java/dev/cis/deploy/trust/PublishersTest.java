package dev.cis.deploy.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cis.kernel.fault.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PublishersTest {
  @TempDir Path home;
  private final SecureRandom random = new SecureRandom();

  private static String refused(ThrowingCallable action, TrustCode code) {
    var fault = catchThrowableOfType(Fault.class, action);
    assertThat(fault).isNotNull();
    assertThat(fault.code()).as(fault.getMessage()).isEqualTo(code);
    return String.valueOf(fault.getMessage());
  }

  @ParameterizedTest
  @EnumSource(
      value = KeyType.class,
      names = {"ED25519", "RSA2048"})
  void aGeneratedKeyIsReadAgainAndSigns(KeyType type) throws Exception {
    var keys = new PublisherKeys(home.resolve("keys"));
    var made = keys.generate("alice", type, random);
    var mode = Files.getPosixFilePermissions(keys.privateFile("alice"));
    assertThat(PosixFilePermissions.toString(mode)).isEqualTo("rw-------");
    var read = keys.open("alice");
    byte[] message = {1, 2, 3};
    byte[] signature = read.sign(message);
    assertThat(signature).hasSize(type.signatureBytes());
    assertThat(made.publicKey().verifies(message, signature)).isTrue();
    signature[5] ^= 1;
    assertThat(made.publicKey().verifies(message, signature)).isFalse();
    assertThat(made.publicKey().verifies(message, new byte[3])).isFalse();
    assertThat(keys.list()).containsExactly(new PublisherKeys.Named("alice", made.publicKey()));
    assertThat(made.toString()).doesNotContain(made.pem().substring(40, 60));
    refused(() -> keys.generate("Alice", type, random), TrustCode.KEY_EXISTS);
    refused(() -> keys.open("bob"), TrustCode.NO_KEY);
    refused(() -> keys.generate("../bob", type, random), TrustCode.BAD_KEY_NAME);
  }

  @Test
  void aPrivateKeyThatOthersMayReadIsRefused() throws Exception {
    var keys = new PublisherKeys(home.resolve("keys"));
    keys.generate("alice", KeyType.ED25519, random);
    var file = keys.privateFile("alice");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThat(refused(() -> keys.open("alice"), TrustCode.KEY_EXPOSED))
        .contains("chmod 600 " + file);
  }

  @Test
  void trustIsGivenAndTakenWhileTheNodeRuns() throws Exception {
    var directory = home.resolve("trusted");
    var running = Publishers.open(directory);
    assertThat(running.list()).isEmpty();
    var key = PublisherKey.generate(KeyType.ED25519, random).publicKey();
    Publishers.open(directory).trust("alice", key);
    assertThat(running.find(key.id())).contains(new Publishers.Publisher("alice", key));
    Publishers.open(directory).trust("alice", key);
    var other = PublisherKey.generate(KeyType.ED25519, random).publicKey();
    refused(() -> running.trust("alice", other), TrustCode.KEY_EXISTS);
    refused(() -> running.trust("ALICE", other), TrustCode.KEY_EXISTS);
    assertThat(refused(() -> running.trust("bob", key), TrustCode.KEY_EXISTS)).contains("alice");
    assertThat(Publishers.open(directory).revoke("alice")).isTrue();
    assertThat(running.find(key.id())).isEmpty();
    assertThat(running.revoke("alice")).isFalse();
    Files.writeString(directory.resolve("hex.pub"), key.id() + "\n");
    assertThat(running.find(key.id())).isPresent();
    assertThat(key.ed25519().orElseThrow()).hasToString(key.id());
  }

  @Test
  void badFilesTrustNobodyAndAreNamed() throws Exception {
    var directory = Files.createDirectory(home.resolve("trusted"));
    var publishers = Publishers.open(directory);
    var key = PublisherKey.generate(KeyType.ED25519, random);
    publishers.trust("good", key.publicKey());
    Files.writeString(directory.resolve("garbage.pub"), "garbage");
    Files.writeString(directory.resolve("private.pub"), key.pem());
    Files.writeString(directory.resolve("large.pub"), "x".repeat(20_000));
    Files.createDirectory(directory.resolve("directory.pub"));
    Files.writeString(directory.resolve("open.pub"), "0".repeat(64));
    Files.setPosixFilePermissions(
        directory.resolve("open.pub"), PosixFilePermissions.fromString("rw-rw-rw-"));
    assertThat(publishers.list()).extracting(Publishers.Publisher::name).containsExactly("good");
    assertThat(publishers.problems())
        .hasSize(5)
        .anyMatch(problem -> problem.contains("keep it secret"))
        .anyMatch(problem -> problem.contains("chmod 644"));
  }

  @Test
  void keysOfOtherSortsAreRefused() {
    refused(() -> KeyType.parse("dsa"), TrustCode.BAD_KEY);
    refused(() -> VerifyingKey.parse("0".repeat(63), "x"), TrustCode.BAD_KEY);
    refused(
        () ->
            VerifyingKey.parse("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "x"),
        TrustCode.BAD_KEY);
    refused(
        () ->
            PublisherKey.parse(
                "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n", "x"),
        TrustCode.BAD_KEY);
  }
}

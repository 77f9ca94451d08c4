package dev.cis.deploy.pack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.deploy.pack.PackageSignature.Envelope;
import dev.cis.deploy.pack.PackageSignature.Signature;
import dev.cis.deploy.pack.PackageSignature.Statement;
import dev.cis.deploy.trust.PublisherKey;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.wire.Bytes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PackageVectorTest {
  private static Map<String, String> made() {
    var key = PublisherKey.of(KeyPair.ofSeed(new byte[32]));
    var id = key.publicKey().id();
    var statement =
        new Statement(
            Samples.sha256(RawTar.utf8("abc")),
            "hello",
            "1.2.3",
            7,
            Instant.parse("2026-11-21T00:00:00Z"),
            Optional.of(Instant.parse("2027-11-21T00:00:00Z")));
    var covered = statement.covered("ed25519", id);
    var signature = Bytes.of(key.sign(covered));
    var made = new LinkedHashMap<String, String>();
    made.put("covered", Bytes.of(covered).hex());
    made.put("signature", signature.hex());
    made.put(
        "envelope",
        new Envelope(statement, List.of(new Signature("ed25519", id, signature))).encode().hex());
    return made;
  }

  @Test
  void signedBytesAreThoseThatAreWrittenDown() throws Exception {
    var file =
        Path.of(System.getProperty("cis.root", "..")).resolve("docs/reference/vectors/package.txt");
    var written = new LinkedHashMap<String, String>();
    for (var line : Files.readAllLines(file)) {
      if (!line.isBlank() && !line.startsWith("#")) {
        int space = line.indexOf(' ');
        written.put(line.substring(0, space), line.substring(space + 1));
      }
    }
    assertThat(made()).isEqualTo(written);
  }
}

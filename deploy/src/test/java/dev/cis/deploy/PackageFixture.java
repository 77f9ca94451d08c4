package dev.cis.deploy;

import dev.cis.kernel.identity.KeyPair;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Packages as the source document describes them, with the raw 64-byte signature. */
final class PackageFixture {
  private final String name;
  private final String version;
  private final Map<String, String> files = new LinkedHashMap<>();
  private boolean tampered;

  PackageFixture(String name, String version, String script, String more) {
    this.name = name;
    this.version = version;
    files.put(
        "manifest.yaml",
        "name: " + name + "\nversion: " + version + "\nentrypoint: run.sh\n" + more);
    files.put("run.sh", "#!/bin/sh\n" + script + "\n");
  }

  PackageFixture with(String path, String content) {
    files.put(path, content);
    return this;
  }

  PackageFixture tampered() {
    tampered = true;
    return this;
  }

  Path write(Path directory, KeyPair signer) throws IOException {
    var application = new ByteArrayOutputStream();
    try (var tar = new TarArchiveOutputStream(new GZIPOutputStream(application), "UTF-8")) {
      for (var file : files.entrySet()) {
        add(tar, file.getKey(), file.getValue().getBytes(StandardCharsets.UTF_8));
      }
    }
    byte[] bytes = application.toByteArray();
    byte[] signature = signer.sign(sha256(bytes));
    if (tampered) {
      bytes[bytes.length / 2] ^= 1;
    }
    var path = directory.resolve(name + "-" + version + "-" + System.nanoTime() + ".p2p");
    try (var out = new TarArchiveOutputStream(Files.newOutputStream(path), "UTF-8")) {
      add(out, "app.tar.gz.sig", signature);
      add(out, "app.tar.gz", bytes);
    }
    return path;
  }

  private static void add(TarArchiveOutputStream tar, String path, byte[] bytes)
      throws IOException {
    var entry = new TarArchiveEntry(path, true);
    entry.setSize(bytes.length);
    entry.setMode(path.endsWith(".sh") ? 0755 : 0644);
    tar.putArchiveEntry(entry);
    tar.write(bytes);
    tar.closeArchiveEntry();
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}

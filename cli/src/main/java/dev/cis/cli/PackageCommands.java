package dev.cis.cli;

import dev.cis.deploy.pack.PackageReader;
import dev.cis.deploy.pack.PackageSignature;
import dev.cis.deploy.pack.Packer;
import dev.cis.deploy.trust.PublisherKeys;
import dev.cis.deploy.trust.Publishers;
import dev.cis.deploy.trust.VerifyingKey;
import dev.cis.kernel.fault.Fault;
import dev.cis.node.Signers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cis package ...}: none of these needs a daemon. */
final class PackageCommands {
  private PackageCommands() {}

  private static Path readable(Path file) {
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw new Fault(
          CliCode.NO_FILE,
          "cannot read the package " + file + ": build one with 'cis package build DIR'");
    }
    return file;
  }

  @Command(
      description = "Make a directory with a small application to start from.",
      footer = {"", "Example:", "  cis package init hello && cis package build hello"})
  static final class Init implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "DIR", description = "its name becomes the application's name")
    private Path directory = Path.of("");

    Init(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() throws IOException {
      var manifest = directory.resolve("manifest.yaml");
      if (Files.exists(manifest)) {
        throw new Fault(CliCode.USAGE, manifest + " exists already: nothing was changed");
      }
      var name =
          directory
              .toAbsolutePath()
              .normalize()
              .getFileName()
              .toString()
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^a-z0-9-]+", "-")
              .replaceAll("^[^a-z]+|-+$", "");
      var app = name.isEmpty() ? "app" : name;
      Files.createDirectories(directory.resolve("bin"));
      Files.writeString(
          manifest,
          """
          name: %s
          version: 1.0.0
          description: A small application to start from
          entrypoint: bin/run
          env:
            GREETING: hello
          health_check:
            type: process
            interval: 5s
          """
              .formatted(app));
      var run = directory.resolve("bin/run");
      Files.writeString(
          run,
          """
          #!/bin/sh
          # Says something every second until it is stopped.
          trap 'echo stopping; exit 0' TERM
          count=0
          while :; do
            count=$((count + 1))
            echo "$GREETING $count"
            sleep 1 &
            wait $!
          done
          """);
      Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
      if (cis.json()) {
        cis.screen().json(Map.of("directory", directory.toString(), "name", app));
      } else {
        cis.screen().line("made " + manifest + " and " + run);
        cis.screen().note("next: cis package build " + directory);
      }
      return 0;
    }
  }

  @Command(description = "Pack a directory with a manifest.yaml into name-version.p2p.")
  static final class Build implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "DIR", description = "the directory")
    private Path directory = Path.of("");

    @Option(
        names = {"-o", "--output"},
        paramLabel = "DIR",
        description = "where to put the package (default: here)")
    private Path output = Path.of(".");

    Build(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() throws IOException {
      if (!Files.isDirectory(directory)) {
        throw new Fault(
            CliCode.NO_FILE,
            directory + " is not a directory: make one with 'cis package init DIR'");
      }
      Files.createDirectories(output);
      var file = Packer.build(directory, output);
      if (cis.json()) {
        cis.screen().json(Map.of("file", file.toString(), "bytes", Files.size(file)));
      } else {
        cis.screen().line("built " + file + " (" + Screen.size(Files.size(file)) + ")");
        cis.screen().note("next: cis package sign " + file);
      }
      return 0;
    }
  }

  @Command(description = "Sign a package with a publisher key.")
  static final class Sign implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "PACKAGE")
    private Path file = Path.of("");

    @Option(
        names = "--key",
        paramLabel = "NAME",
        description = "the publisher key (default: the only one there is)")
    private @Nullable String key;

    Sign(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var name = new Signers(cis.home()).name(key);
      var signer = new PublisherKeys(cis.home().keys()).open(name);
      var envelope = Packer.sign(readable(file), signer, Packer.Signing.at(Instant.now()));
      var statement = envelope.statement();
      if (cis.json()) {
        cis.screen()
            .json(
                Map.of(
                    "file", file.toString(),
                    "key", name,
                    "id", signer.publicKey().id(),
                    "digest", statement.digest().hex(),
                    "sequence", statement.sequence()));
      } else {
        cis.screen()
            .line(
                "signed "
                    + statement.name()
                    + " "
                    + statement.version()
                    + " with '"
                    + name
                    + "' ("
                    + signer.publicKey().id()
                    + ")");
      }
      return 0;
    }
  }

  @Command(description = "Check that a package is whole and signed by someone this node trusts.")
  static final class Verify implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "PACKAGE")
    private Path file = Path.of("");

    @Option(
        names = "--key",
        paramLabel = "FILE",
        description = "check against this public key instead of the trusted publishers")
    private @Nullable Path key;

    Verify(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() throws IOException {
      try (var reader = PackageReader.open(readable(file))) {
        var verified =
            key == null
                ? reader.verify(Publishers.open(cis.home().trusted()), Instant.now())
                : reader.verify(
                    key.toString(),
                    VerifyingKey.parse(Files.readString(readable(key)), key.toString()),
                    Instant.now());
        var signers = verified.signers().stream().map(Publishers.Publisher::name).toList();
        if (cis.json()) {
          cis.screen()
              .json(
                  Map.of(
                      "file",
                      file.toString(),
                      "ok",
                      true,
                      "digest",
                      verified.digest().hex(),
                      "signers",
                      signers));
        } else {
          cis.screen().line(file + " is good: signed by " + String.join(", ", signers));
        }
      }
      return 0;
    }
  }

  @Command(description = "Look into a package without trusting it.")
  static final class Inspect implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "PACKAGE")
    private Path file = Path.of("");

    Inspect(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      try (var reader = PackageReader.open(readable(file))) {
        var contents = reader.inspect();
        if (cis.json()) {
          cis.screen().json(json(contents));
        } else {
          show(contents);
        }
      }
      return 0;
    }

    private static Map<String, Object> json(PackageReader.Contents contents) {
      var manifest = contents.manifest();
      var json = new LinkedHashMap<String, Object>();
      json.put("name", manifest.name());
      json.put("version", manifest.version().toString());
      json.put("description", manifest.description());
      json.put("entrypoint", manifest.entrypoint());
      json.put("args", manifest.args());
      json.put("env", manifest.env());
      json.put("labels", manifest.labels());
      json.put("digest", contents.digest().hex());
      json.put("bytes", contents.size());
      json.put("signature", signature(contents));
      json.put(
          "entries",
          contents.entries().stream()
              .map(e ->
                  Map.<String, Object>of(
                      "path", e.path(),
                      "type", e.type(),
                      "mode", Integer.toOctalString(e.mode()),
                      "size", e.size()))
              .toList());
      return json;
    }

    private static String signature(PackageReader.Contents contents) {
      return contents
          .signature()
          .map(s ->
              s instanceof PackageSignature.Envelope envelope
                  ? String.join(
                      ", ",
                      envelope.signatures().stream()
                          .map(each -> each.algorithm() + " " + each.keyId())
                          .toList())
                  : "bare")
          .orElse("none");
    }

    private void show(PackageReader.Contents contents) {
      var manifest = contents.manifest();
      cis.screen()
          .fields(
              "name", manifest.name(),
              "version", manifest.version().toString(),
              "description", Screen.orDash(cis.screen().foreign(manifest.description())),
              "entrypoint", manifest.entrypoint(),
              "digest", contents.digest().hex(),
              "size", Screen.size(contents.size()),
              "signed by", signature(contents) + " (not checked: 'cis package verify' does)");
      cis.screen()
          .table(
              List.of("MODE", "SIZE", "PATH"),
              contents.entries().stream()
                  .map(e ->
                      List.of(
                          Integer.toOctalString(e.mode()),
                          String.valueOf(e.size()),
                          cis.screen().foreign(e.path())))
                  .toList());
    }
  }
}

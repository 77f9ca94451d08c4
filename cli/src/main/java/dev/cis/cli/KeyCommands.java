package dev.cis.cli;

import dev.cis.deploy.trust.KeyType;
import dev.cis.deploy.trust.PublisherKeys;
import dev.cis.deploy.trust.Publishers;
import dev.cis.deploy.trust.VerifyingKey;
import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cis keys ...}: who signs packages, and whom this node trusts. */
final class KeyCommands {
  private KeyCommands() {}

  /**
   * A key in a list.
   *
   * @param own whether its private half is here
   * @param trusted whether this node runs what it signs
   */
  private record Row(String name, String type, String id, boolean own, boolean trusted) {}

  @Command(
      description = "Make a publisher key.",
      footer = {"", "Example:", "  cis keys generate me && cis keys trust me"})
  static final class Generate implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "NAME", description = "what you call it")
    private String name = "";

    @Option(
        names = "--type",
        paramLabel = "TYPE",
        description = "ed25519 (default), rsa-2048 or rsa-4096")
    private String type = "ed25519";

    Generate(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      cis.home().create();
      var keys = new PublisherKeys(cis.home().keys());
      var key = keys.generate(name, KeyType.parse(type), new SecureRandom()).publicKey();
      if (cis.json()) {
        cis.screen()
            .json(
                Map.of(
                    "name", name,
                    "type", key.type().text(),
                    "id", key.id(),
                    "file", keys.privateFile(name).toString(),
                    "publicFile", keys.publicFile(name).toString()));
      } else {
        cis.screen().line("made " + key.type().text() + " key '" + name + "' " + key.id());
        cis.screen()
            .note(
                "nodes run what it signs after 'cis keys trust "
                    + name
                    + "' there; give others "
                    + keys.publicFile(name));
      }
      return 0;
    }
  }

  @Command(description = "Keys that are here, and keys that this node trusts.")
  static final class Listing implements Callable<Integer> {
    private final Cis cis;

    Listing(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var own = new PublisherKeys(cis.home().keys()).list();
      var publishers = Publishers.open(cis.home().trusted());
      var trusted = publishers.list();
      var rows = new ArrayList<Row>();
      for (var key : own) {
        boolean isTrusted = trusted.stream().anyMatch(p -> p.key().equals(key.key()));
        rows.add(new Row(key.name(), key.key().type().text(), key.key().id(), true, isTrusted));
      }
      for (var publisher : trusted) {
        if (own.stream().noneMatch(key -> key.key().equals(publisher.key()))) {
          var key = publisher.key();
          rows.add(new Row(publisher.name(), key.type().text(), key.id(), false, true));
        }
      }
      if (cis.json()) {
        cis.screen()
            .json(Map.of("keys", rows.stream().map(dev.cis.api.RecordJson::toMap).toList()));
      } else if (rows.isEmpty()) {
        cis.screen().note("no keys: make one with 'cis keys generate NAME'");
      } else {
        cis.screen()
            .table(
                List.of("NAME", "TYPE", "OWN", "TRUSTED", "ID"),
                rows.stream()
                    .map(r ->
                        List.of(
                            r.name, r.type, r.own ? "yes" : "no", r.trusted ? "yes" : "no", r.id))
                    .toList());
      }
      publishers.problems().forEach(problem -> cis.screen().note("warning: " + problem));
      return 0;
    }
  }

  @Command(
      description = "Run on this node what a key signs.",
      footer = {
        "",
        "Examples:",
        "  cis keys trust me                       a key that is here",
        "  cis keys trust alice.pub                a public key in a file",
        "  cis keys trust \"$(cat alice.pub)\" --name alice"
      })
  static final class Trust implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "KEY", description = "the name of a key here, a file, or the key")
    private String key = "";

    @Option(names = "--name", paramLabel = "NAME", description = "what to call the publisher")
    private @Nullable String name;

    Trust(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() throws IOException {
      cis.home().create();
      var own =
          new PublisherKeys(cis.home().keys())
              .list().stream().filter(k -> k.name().equals(key)).findFirst();
      VerifyingKey verifying;
      var called = name;
      var path = file(key);
      if (own.isPresent()) {
        verifying = own.get().key();
        called = called == null ? key : called;
      } else if (path != null) {
        verifying = VerifyingKey.parse(Files.readString(path), path.toString());
        called =
            called == null ? path.getFileName().toString().replaceFirst("\\.pub$", "") : called;
      } else {
        verifying = VerifyingKey.parse(key.strip() + "\n", "the argument");
        if (called == null) {
          throw new Fault(CliCode.USAGE, "what shall the publisher be called? add --name NAME");
        }
      }
      Publishers.open(cis.home().trusted()).trust(called, verifying);
      if (cis.json()) {
        cis.screen().json(Map.of("name", called, "id", verifying.id(), "trusted", true));
      } else {
        cis.screen().line("this node now trusts '" + called + "' (" + verifying.id() + ")");
      }
      return 0;
    }

    private static @Nullable Path file(String text) {
      try {
        var path = Path.of(text);
        return Files.isRegularFile(path) ? path : null;
      } catch (InvalidPathException e) {
        return null;
      }
    }
  }

  @Command(description = "Trust a publisher no more; what runs already goes on.")
  static final class Revoke implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "NAME")
    private String name = "";

    Revoke(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      if (!Publishers.open(cis.home().trusted()).revoke(name)) {
        throw new Fault(
            dev.cis.deploy.trust.TrustCode.NO_KEY,
            "no publisher '" + name + "' is trusted: see 'cis keys list'");
      }
      if (cis.json()) {
        cis.screen().json(Map.of("name", name, "trusted", false));
      } else {
        cis.screen().line("'" + name + "' is trusted no more");
      }
      return 0;
    }
  }

  @Command(description = "Print a public key, to be trusted elsewhere.")
  static final class Export implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "NAME")
    private String name = "";

    @Option(names = "--pem", description = "Print it as PEM; RSA keys always are.")
    private boolean pem;

    Export(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var key =
          new PublisherKeys(cis.home().keys())
              .list().stream()
                  .filter(k -> k.name().equals(name))
                  .map(PublisherKeys.Named::key)
                  .findFirst()
                  .or(() ->
                      Publishers.open(cis.home().trusted())
                          .named(name)
                          .map(Publishers.Publisher::key))
                  .orElseThrow(() ->
                      new Fault(
                          dev.cis.deploy.trust.TrustCode.NO_KEY,
                          "there is no key '" + name + "': see 'cis keys list'"));
      if (cis.json()) {
        cis.screen()
            .json(
                Map.of("name", name, "type", key.type().text(), "id", key.id(), "pem", key.pem()));
      } else {
        // One word is easier to hand over than three lines.
        cis.screen().line(pem || key.ed25519().isEmpty() ? key.pem().strip() : key.id());
      }
      return 0;
    }
  }
}

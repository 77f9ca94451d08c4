package dev.cis.deploy.trust;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * The publisher keys of this user, in {@code <home>/keys}: {@code <name>.key} holds the private
 * key, {@code <name>.pub} the public one, to be given to the nodes that shall trust it.
 */
public final class PublisherKeys {
  private final Path directory;

  /** The keys in a directory, which is created (mode 0700) when the first key is. */
  public PublisherKeys(Path directory) {
    this.directory = directory;
  }

  /**
   * The public half of one key.
   *
   * @param name what its owner calls it
   * @param key the key
   */
  public record Named(String name, VerifyingKey key) {}

  /** Makes a key and writes both files; {@code deploy.key-exists} when the name is taken. */
  public PublisherKey generate(String name, KeyType type, SecureRandom random) {
    Keys.named(name);
    Keys.directory(directory);
    if (list().stream().anyMatch(named -> named.name().equalsIgnoreCase(name))) {
      throw new Fault(TrustCode.KEY_EXISTS, "a key '" + name + "' exists already in " + directory);
    }
    var key = PublisherKey.generate(type, random);
    Keys.create(privateFile(name), key.pem(), PosixFilePermissions.fromString("rw-------"));
    Keys.create(
        publicFile(name), key.publicKey().pem(), PosixFilePermissions.fromString("rw-r--r--"));
    return key;
  }

  /** The key of that name; {@code deploy.no-key} when there is none. */
  public PublisherKey open(String name) {
    return PublisherKey.read(privateFile(Keys.named(name)));
  }

  /** The public halves, by name. The private files are not opened. */
  public List<Named> list() {
    var found = new ArrayList<Named>();
    if (!Files.isDirectory(directory)) {
      return found;
    }
    try (var files = Files.newDirectoryStream(directory, "*.pub")) {
      for (var file : files) {
        var fileName = file.getFileName().toString();
        var name = fileName.substring(0, fileName.length() - ".pub".length());
        found.add(new Named(name, VerifyingKey.parse(Keys.read(file), file.toString())));
      }
    } catch (IOException e) {
      throw Keys.failed("list", directory, e);
    }
    found.sort(java.util.Comparator.comparing(Named::name));
    return found;
  }

  /** Where the private key of that name is. */
  public Path privateFile(String name) {
    return directory.resolve(name + ".key");
  }

  /** Where the public key of that name is. */
  public Path publicFile(String name) {
    return directory.resolve(name + ".pub");
  }
}

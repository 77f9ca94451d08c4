package dev.cis.deploy.trust;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The publishers that a node believes, in {@code <home>/trusted/<name>.pub}. The directory is
 * looked at whenever someone asks, so a file put there or taken away counts at once, also for a
 * running node. Thread-safe.
 *
 * <p>A file that is no key, or that others than its owner may write, trusts nobody; {@link
 * #problems} names it.
 */
public final class Publishers {
  private static final Logger LOG = LoggerFactory.getLogger(Publishers.class);
  private static final String SUFFIX = ".pub";

  /** Most publishers of one node. */
  public static final int MAX_PUBLISHERS = 1_000;

  private final Path directory;
  private List<String> seen = List.of();
  private List<Publisher> publishers = List.of();
  private List<String> problems = List.of();

  private Publishers(Path directory) {
    this.directory = directory;
  }

  /**
   * A trusted publisher.
   *
   * @param name what this node's operator calls it
   * @param key its key
   */
  public record Publisher(String name, VerifyingKey key) {}

  /** The publishers in a directory, which need not exist yet. */
  public static Publishers open(Path directory) {
    return new Publishers(directory);
  }

  /** The trusted publishers, by name. */
  public synchronized List<Publisher> list() {
    refresh();
    return publishers;
  }

  /** The trusted publisher that has the key with this id. */
  public Optional<Publisher> find(String keyId) {
    return list().stream().filter(publisher -> publisher.key.id().equals(keyId)).findFirst();
  }

  /** The trusted publisher of that name. */
  public Optional<Publisher> named(String name) {
    return list().stream().filter(publisher -> publisher.name.equalsIgnoreCase(name)).findFirst();
  }

  /** What is wrong with files in the directory that therefore trust nobody. */
  public synchronized List<String> problems() {
    refresh();
    return problems;
  }

  /**
   * Trusts a publisher from now on. Trusting the same key under the same name again changes
   * nothing.
   *
   * @throws Fault {@code deploy.key-exists} when the name or the key is there with another
   */
  public synchronized void trust(String name, VerifyingKey key) {
    Keys.named(name);
    for (var publisher : list()) {
      boolean sameName = publisher.name.equalsIgnoreCase(name);
      boolean sameKey = publisher.key.equals(key);
      if (sameName && sameKey) {
        return;
      }
      if (sameName) {
        throw new Fault(
            TrustCode.KEY_EXISTS,
            "'" + name + "' is trusted with another key, " + publisher.key + "; revoke it first");
      }
      if (sameKey) {
        throw new Fault(
            TrustCode.KEY_EXISTS, "that key is already trusted as '" + publisher.name + "'");
      }
    }
    if (publishers.size() >= MAX_PUBLISHERS) {
      throw new Fault(
          TrustCode.KEY_FILE, directory + " holds the most publishers allowed, " + MAX_PUBLISHERS);
    }
    Keys.directory(directory);
    Keys.create(
        directory.resolve(name + SUFFIX), key.pem(), PosixFilePermissions.fromString("rw-r--r--"));
  }

  /** Trusts a publisher no more; false if nobody of that name was trusted. */
  public synchronized boolean revoke(String name) {
    var publisher = named(name);
    if (publisher.isEmpty()) {
      return false;
    }
    var file = directory.resolve(publisher.get().name + SUFFIX);
    try {
      return Files.deleteIfExists(file);
    } catch (IOException e) {
      throw Keys.failed("remove", file, e);
    }
  }

  private void refresh() {
    // The fingerprint of every file: name, inode, size, times. Reading keys costs more than
    // looking.
    var files = new TreeMap<String, Path>();
    var fingerprint = new ArrayList<String>();
    try (var entries = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
      for (var file : entries) {
        files.put(file.getFileName().toString(), file);
      }
      for (var file : files.values()) {
        fingerprint.add(fingerprint(file));
      }
    } catch (NoSuchFileException e) {
      files.clear();
      fingerprint.clear();
    } catch (IOException e) {
      throw Keys.failed("list", directory, e);
    }
    if (fingerprint.equals(seen)) {
      return;
    }
    read(List.copyOf(files.values()));
    seen = List.copyOf(fingerprint);
  }

  private static String fingerprint(Path file) throws IOException {
    var is = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    var mode = Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS);
    return file
        + " "
        + is.fileKey()
        + " "
        + is.size()
        + " "
        + is.lastModifiedTime()
        + " "
        + PosixFilePermissions.toString(mode);
  }

  private void read(List<Path> files) {
    var good = new ArrayList<Publisher>();
    var bad = new ArrayList<String>();
    for (var file : files) {
      try {
        if (good.size() >= MAX_PUBLISHERS) {
          throw new Fault(TrustCode.KEY_FILE, file + ": more than " + MAX_PUBLISHERS + " keys");
        }
        good.add(read(file));
      } catch (Fault e) {
        bad.add(String.valueOf(e.getMessage()));
        LOG.warn("event=publisher-ignored reason=\"{}\"", e.getMessage());
      }
    }
    publishers = List.copyOf(good);
    problems = List.copyOf(bad);
  }

  private static Publisher read(Path file) {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new Fault(TrustCode.BAD_KEY, file + " is not a regular file");
    }
    var mode = Keys.mode(file);
    if (mode.contains(PosixFilePermission.GROUP_WRITE)
        || mode.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new Fault(
          TrustCode.KEY_EXPOSED,
          file + " may be changed by others; it is not trusted until: chmod 644 " + file);
    }
    var fileName = file.getFileName().toString();
    var name = Keys.named(fileName.substring(0, fileName.length() - SUFFIX.length()));
    return new Publisher(name, VerifyingKey.parse(Keys.read(file), file.toString()));
  }
}

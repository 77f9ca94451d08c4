package dev.cis.node;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Set;

/**
 * The data directory of one node. Private to its owner (mode 0700). The files in it have one name
 * each, and this class is the only place that knows them.
 *
 * @param directory absolute path
 */
public record Home(Path directory) {
  /** Longest path of a Unix domain socket in bytes (Linux has 108 with the closing zero). */
  static final int MAX_SOCKET_PATH = 103;

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> SECRET =
      PosixFilePermissions.fromString("rw-------");

  /** Makes the path absolute. */
  public Home {
    directory = directory.toAbsolutePath().normalize();
  }

  /** {@code config.toml}. */
  public Path config() {
    return directory.resolve("config.toml");
  }

  /** {@code identity.key}, the node's private key, readable by its owner only. */
  public Path identity() {
    return directory.resolve("identity.key");
  }

  /** {@code daemon.lock}, held by the running daemon, with its pid inside. */
  public Path lock() {
    return directory.resolve("daemon.lock");
  }

  /** {@code control.sock}, where the daemon takes requests. */
  public Path socket() {
    return directory.resolve("control.sock");
  }

  /** {@code daemon.log}. */
  public Path log() {
    return directory.resolve("daemon.log");
  }

  /** {@code daemon.err}: what the daemon's process wrote to its standard streams. */
  public Path standardStreams() {
    return directory.resolve("daemon.err");
  }

  /** {@code peers.db}, the address book. */
  public Path peers() {
    return directory.resolve("peers.db");
  }

  /** {@code realms}, the realms with their keys, readable by its owner only. */
  public Path realms() {
    return directory.resolve("realms");
  }

  /** {@code dht.table}, the routing table. */
  public Path dhtTable() {
    return directory.resolve("dht.table");
  }

  /** The table of the DHT of anchors. */
  public Path anchorTable() {
    return directory.resolve("anchors.table");
  }

  /** {@code memory.db}, the replicated memory. */
  public Path memory() {
    return directory.resolve("memory.db");
  }

  /** {@code blobs/}. */
  public Path blobs() {
    return directory.resolve("blobs");
  }

  /** {@code deploy/}, the applications. */
  public Path deploy() {
    return directory.resolve("deploy");
  }

  /** {@code keys/}, the publisher keys of the user. */
  public Path keys() {
    return directory.resolve("keys");
  }

  /** {@code trusted/}, the publishers whose orders this node follows. */
  public Path trusted() {
    return directory.resolve("trusted");
  }

  /** Whether {@code cis init} was here. */
  public boolean isInitialized() {
    return Files.exists(identity());
  }

  /** Makes the directory if it is missing; refuses one that others can write to. */
  public void create() {
    if (socket().toString().getBytes(StandardCharsets.UTF_8).length > MAX_SOCKET_PATH) {
      throw new Fault(
          NodeCode.BAD_HOME,
          "the path "
              + directory
              + " is too long for the control socket in it: choose a --home of"
              + " at most "
              + (MAX_SOCKET_PATH - "/control.sock".length())
              + " bytes");
    }
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      }
      var rights = Files.getPosixFilePermissions(directory);
      if (rights.contains(PosixFilePermission.GROUP_WRITE)
          || rights.contains(PosixFilePermission.OTHERS_WRITE)) {
        throw new Fault(
            NodeCode.BAD_HOME,
            "other users can write to "
                + directory
                + ": take the right away with 'chmod 700 "
                + directory
                + "' or choose another --home");
      }
      if (!Files.isWritable(directory)) {
        throw new Fault(NodeCode.BAD_HOME, directory + " is not writable: choose another --home");
      }
    } catch (FileAlreadyExistsException e) {
      throw new Fault(
          NodeCode.BAD_HOME, e.getFile() + " is not a directory: choose another --home", e);
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  /** Reads the identity. */
  public KeyPair readIdentity() {
    try {
      var rights = Files.getPosixFilePermissions(identity());
      if (!SECRET.containsAll(rights)) {
        throw new Fault(
            NodeCode.INSECURE_KEY,
            "other users can read the private key "
                + identity()
                + ": run 'chmod 600 "
                + identity()
                + "'");
      }
      return IdentityFile.parse(identity(), Files.readString(identity(), StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      throw new Fault(
          NodeCode.NO_IDENTITY, "there is no identity in " + directory + ": run 'cis init'", e);
    } catch (java.nio.charset.CharacterCodingException e) {
      throw IdentityFile.damaged(identity(), e);
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  /** Reads the identity, or makes one durably if there is none. */
  public KeyPair identityOrNew() {
    create();
    if (!isInitialized()) {
      var key = KeyPair.generate(new SecureRandom());
      writeNew(identity(), IdentityFile.format(key));
    }
    return readIdentity();
  }

  /** Writes a file that must not exist yet, readable by its owner only, all or nothing. */
  void writeNew(Path file, String text) {
    try {
      var draft =
          Files.createTempFile(
              directory, ".new-", "", PosixFilePermissions.asFileAttribute(SECRET));
      Files.writeString(draft, text, StandardOpenOption.SYNC);
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private Fault unusable(IOException e) {
    return new Fault(
        NodeCode.BAD_HOME, "the data directory " + directory + " cannot be used: " + e, e);
  }

  @Override
  public String toString() {
    return directory.toString();
  }
}

package dev.cis.deploy.trust;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;

/** The text form of keys (RFC 7468) and their files. */
final class Keys {
  static final int MAX_FILE = 16 * 1024;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  private Keys() {}

  static String named(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new Fault(
          TrustCode.BAD_KEY_NAME,
          "'"
              + printable(name)
              + "' cannot name a key: letters, digits, '.', '_', '-', at most 64 of them");
    }
    return name;
  }

  static String pem(String label, byte[] der) {
    var body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
  }

  static byte[] pem(String text, String label, String source) {
    var begin = "-----BEGIN " + label + "-----";
    var end = "-----END " + label + "-----";
    var trimmed = text.strip();
    if (!trimmed.startsWith(begin) || !trimmed.endsWith(end)) {
      var hint =
          trimmed.contains("PRIVATE KEY") && !label.contains("PRIVATE")
              ? "; this is a private key, keep it secret"
              : "";
      throw new Fault(
          TrustCode.BAD_KEY, source + " is not a key: '" + begin + "' is expected" + hint);
    }
    try {
      var body = trimmed.substring(begin.length(), trimmed.length() - end.length());
      return Base64.getDecoder().decode(body.replaceAll("\\s", ""));
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new Fault(TrustCode.BAD_KEY, source + " is damaged: its base64 cannot be read", e);
    }
  }

  static String read(Path file) {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() > MAX_FILE) {
        throw new Fault(
            TrustCode.BAD_KEY,
            file + " has " + channel.size() + " bytes; a key file has at most " + MAX_FILE);
      }
      var buffer = ByteBuffer.allocate(MAX_FILE);
      int read;
      do {
        read = channel.read(buffer);
      } while (read > 0);
      return StandardCharsets.ISO_8859_1.decode(buffer.flip()).toString();
    } catch (NoSuchFileException e) {
      throw new Fault(TrustCode.NO_KEY, "there is no key file " + file, e);
    } catch (IOException e) {
      throw failed("read", file, e);
    }
  }

  /** Creates the file with its mode at once, so that nobody can look in between. */
  static void create(Path file, String text, Set<PosixFilePermission> mode) {
    try (var channel =
        FileChannel.open(
            file,
            EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(mode))) {
      var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    } catch (FileAlreadyExistsException e) {
      throw new Fault(
          TrustCode.KEY_EXISTS, file + " exists already; choose another name or remove it", e);
    } catch (IOException e) {
      throw failed("write", file, e);
    }
  }

  static void directory(Path directory) {
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
    } catch (IOException e) {
      throw failed("create", directory, e);
    }
  }

  static Set<PosixFilePermission> mode(Path file) {
    try {
      return Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      throw new Fault(TrustCode.NO_KEY, "there is no key file " + file, e);
    } catch (IOException e) {
      throw failed("look at", file, e);
    }
  }

  static Fault failed(String verb, Path file, IOException cause) {
    var why = cause instanceof AccessDeniedException ? "permission denied" : cause.getMessage();
    return new Fault(TrustCode.KEY_FILE, "cannot " + verb + " " + file + ": " + why, cause);
  }

  /** Text of someone else's, cut and stripped of control characters, for an error message. */
  static String printable(String text) {
    var cut = text.length() > 80 ? text.substring(0, 80) + "..." : text;
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}

package dev.cis.deploy.pack;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Files and directories made durable, and taken away again. */
final class Storage {
  /** Begins the name of every directory in which something is being unpacked. */
  static final String UNFINISHED = ".unpacking-";

  private static final Map<PosixFilePermission, Integer> BITS =
      Map.of(
          PosixFilePermission.OWNER_READ, 0400,
          PosixFilePermission.OWNER_WRITE, 0200,
          PosixFilePermission.OWNER_EXECUTE, 0100,
          PosixFilePermission.GROUP_READ, 0040,
          PosixFilePermission.GROUP_WRITE, 0020,
          PosixFilePermission.GROUP_EXECUTE, 0010,
          PosixFilePermission.OTHERS_READ, 0004,
          PosixFilePermission.OTHERS_WRITE, 0002,
          PosixFilePermission.OTHERS_EXECUTE, 0001);

  private Storage() {}

  static Fault failed(String verb, Path file, IOException cause) {
    var why = cause instanceof AccessDeniedException ? "permission denied" : cause.getMessage();
    return new Fault(PackCode.STORAGE, "cannot " + verb + " " + file + ": " + why, cause);
  }

  static void syncDirectory(Path directory) throws IOException {
    try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Removes a tree without following links out of it. */
  static void delete(Path tree) throws IOException {
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  static void sweep(Path directory) {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (var leftovers = Files.newDirectoryStream(directory, UNFINISHED + "*")) {
      for (var leftover : leftovers) {
        if (Files.isDirectory(leftover, LinkOption.NOFOLLOW_LINKS)) {
          delete(leftover);
        }
      }
    } catch (IOException e) {
      throw failed("sweep", directory, e);
    }
  }

  static Set<PosixFilePermission> permissions(int mode) {
    var permissions = EnumSet.noneOf(PosixFilePermission.class);
    BITS.forEach((permission, bit) -> {
      if ((mode & bit) != 0) {
        permissions.add(permission);
      }
    });
    return permissions;
  }

  static int mode(Set<PosixFilePermission> permissions) {
    return permissions.stream().mapToInt(BITS::get).sum();
  }
}

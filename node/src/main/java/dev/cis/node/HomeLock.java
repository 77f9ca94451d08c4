package dev.cis.node;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;

/**
 * Makes a data directory one daemon's own. The operating system gives the lock back when the
 * process ends, however it ends, so there is never a stale one.
 */
public final class HomeLock implements AutoCloseable {
  private final FileChannel channel;

  private HomeLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Takes the lock, or says which process has it. */
  public static HomeLock take(Home home) {
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(
              home.lock(),
              EnumSet.of(
                  StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      if (!lock(channel)) {
        channel.close();
        throw new Fault(
            NodeCode.ALREADY_RUNNING,
            "a daemon is already running for "
                + home
                + holder(home).map(p -> " (pid " + p + ")").orElse("")
                + ": stop it with 'cis p2p stop' or choose another --home");
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)),
          0);
      return new HomeLock(channel);
    } catch (IOException e) {
      throw new Fault(NodeCode.BAD_HOME, "cannot lock " + home.lock() + ": " + e, e);
    }
  }

  private static boolean lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // another node of this very process
    }
  }

  /** The pid that the last holder of the lock wrote; it may be gone by now. */
  public static Optional<Long> holder(Home home) {
    try {
      return Optional.of(Long.parseLong(Files.readString(home.lock()).strip()));
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The lock is gone with the process at the latest.
    }
  }
}

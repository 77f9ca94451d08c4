package dev.cis.transport.realm;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The file of realms: SHA-256 of the rest, then one message. Readable by its owner only, replaced
 * as a whole.
 */
final class RealmFile {
  private static final Set<PosixFilePermission> SECRET =
      PosixFilePermissions.fromString("rw-------");
  private static final int VERSION = 1;
  private static final int CHECKSUM = 32;
  private static final int MAX_BYTES =
      Realms.MAX_REALMS * Membership.MAX_BYTES + 2 * AccessLists.MOST * 64;

  /**
   * What is in it.
   *
   * @param home id of the home realm, empty for the open one
   * @param open whether the node is in the open realm
   * @param access whom the operator has allowed and denied
   */
  record Content(
      String home, boolean open, List<Membership> memberships, AccessLists.Said access) {}

  static final Codec<Content> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Content content) {
          out.uint(1, VERSION).string(2, content.home).bool(3, content.open);
          out.messages(4, Membership.CODEC, content.memberships);
          sorted(content.access.allowed()).forEach(node -> out.bytes(5, node.bytes()));
          sorted(content.access.denied()).forEach(node -> out.bytes(6, node.bytes()));
        }

        @Override
        public Content read(WireReader in) {
          long version = 0;
          var home = "";
          boolean open = false;
          var memberships = new ArrayList<Membership>();
          var allowed = new HashSet<NodeId>();
          var denied = new HashSet<NodeId>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> version = in.uint();
              case 2 -> home = in.string(2 * Charter.ID_BYTES);
              case 3 -> open = in.bool();
              case 4 -> memberships.add(in.message(Membership.CODEC, Membership.MAX_BYTES));
              case 5 -> allowed.add(node(in));
              case 6 -> denied.add(node(in));
              default -> in.skip();
            }
          }
          var id = home;
          if (version != VERSION
              || Math.max(allowed.size(), denied.size()) > AccessLists.MOST
              || memberships.size() > Realms.MAX_REALMS
              || (id.isEmpty()
                  ? !open
                  : memberships.stream().noneMatch(m -> m.realm().equals(id)))) {
            throw new IllegalArgumentException("version " + version + ", home realm '" + id + "'");
          }
          return new Content(home, open, memberships, new AccessLists.Said(allowed, denied));
        }

        private static NodeId node(WireReader in) {
          return NodeId.of(in.exactly(NodeId.BYTES));
        }

        private static List<NodeId> sorted(Set<NodeId> nodes) {
          return nodes.stream().sorted(Comparator.comparing(NodeId::toString)).toList();
        }
      };

  private final Path path;

  RealmFile(Path path) {
    this.path = path.toAbsolutePath();
  }

  /** Reads the file; null if there is none. */
  @Nullable Content read() {
    try {
      if (!Files.exists(path)) {
        return null;
      }
      if (!SECRET.containsAll(Files.getPosixFilePermissions(path))) {
        throw new Fault(
            RealmCode.INSECURE_FILE,
            "other users can read the keys in " + path + ": run 'chmod 600 " + path + "'");
      }
      if (Files.size(path) > MAX_BYTES) {
        throw corrupt("it has more than " + MAX_BYTES + " bytes", null);
      }
      return decode(Files.readAllBytes(path));
    } catch (IOException e) {
      throw new Fault(RealmCode.STORE_FAILED, "cannot read " + path + ": " + e, e);
    }
  }

  private Content decode(byte[] bytes) {
    if (bytes.length < CHECKSUM) {
      throw corrupt("it is cut off", null);
    }
    byte[] message = Arrays.copyOfRange(bytes, CHECKSUM, bytes.length);
    if (!Arrays.equals(checksum(message), Arrays.copyOf(bytes, CHECKSUM))) {
      throw corrupt("its checksum is wrong", null);
    }
    try {
      return CODEC.decode(message);
    } catch (Fault e) {
      throw corrupt(e.getMessage(), e);
    }
  }

  private Fault corrupt(@Nullable String why, @Nullable Throwable cause) {
    return new Fault(
        RealmCode.CORRUPT,
        path
            + " is damaged ("
            + why
            + "): restore it from a backup, or move it away and join the realm again",
        cause);
  }

  /** Replaces the file, durably. */
  void write(Content content) {
    byte[] message = CODEC.encode(content);
    try {
      var directory = path.getParent();
      var draft =
          Files.createTempFile(
              directory, ".new-", "", PosixFilePermissions.asFileAttribute(SECRET));
      try (var channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
        for (byte[] part : List.of(checksum(message), message)) {
          var buffer = ByteBuffer.wrap(part);
          while (buffer.hasRemaining()) {
            var _ = channel.write(buffer);
          }
        }
        channel.force(true);
      }
      Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE);
      try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    } catch (IOException e) {
      throw new Fault(RealmCode.STORE_FAILED, "cannot write " + path + ": " + e, e);
    }
  }

  private static byte[] checksum(byte[] message) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(message);
    } catch (NoSuchAlgorithmException e) {
      throw new Fault(KernelCode.DEFECT, "this Java has no SHA-256", e);
    }
  }
}

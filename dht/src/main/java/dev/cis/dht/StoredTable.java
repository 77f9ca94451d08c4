package dev.cis.dht;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import dev.cis.transport.PeerRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file with the nodes of the routing table, so that a node that starts again needs no bootstrap
 * address. Replaced as a whole by renaming, so it is always an old or a new one. Every record in it
 * is signed by the node it describes and is verified again when it is read.
 */
final class StoredTable {
  private static final Logger LOG = LoggerFactory.getLogger(StoredTable.class);
  private static final int VERSION = 1;
  private static final int MAX_RECORDS = 10_000;
  private static final int MAX_BYTES = MAX_RECORDS * 1024;

  static final Codec<List<Signed<PeerRecord>>> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, List<Signed<PeerRecord>> records) {
          out.uint(1, VERSION).messages(2, PeerRecord.SIGNED, records);
        }

        @Override
        public List<Signed<PeerRecord>> read(WireReader in) {
          var records = new ArrayList<Signed<PeerRecord>>();
          long version = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> version = in.uint();
              case 2 -> records.add(in.message(PeerRecord.SIGNED, PeerRecord.MAX_SIGNED_BYTES));
              default -> in.skip();
            }
            if (records.size() > MAX_RECORDS) {
              throw new Fault(KernelCode.TOO_LARGE, "more than " + MAX_RECORDS + " records");
            }
          }
          if (version != VERSION) {
            throw new Fault(KernelCode.MALFORMED, "version " + version + ", not " + VERSION);
          }
          return records;
        }
      };

  private final Path file;

  StoredTable(Path file) {
    this.file = file;
  }

  /** The nodes of last time; none when there is no file or it cannot be read. */
  List<Signed<PeerRecord>> load() {
    try {
      if (!Files.exists(file)) {
        return List.of();
      }
      if (Files.size(file) > MAX_BYTES) {
        throw new Fault(KernelCode.TOO_LARGE, "more than " + MAX_BYTES + " bytes");
      }
      return CODEC.decode(Files.readAllBytes(file));
    } catch (Fault e) {
      setAside(e.toString());
    } catch (IOException e) {
      LOG.warn("event=dht-table-unreadable file={} why={}", file, e.toString());
    }
    return List.of();
  }

  private void setAside(String why) {
    var aside = file.resolveSibling(file.getFileName() + ".corrupt");
    try {
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
      LOG.warn("event=dht-table-corrupt file={} kept-as={} why=\"{}\"", file, aside, why);
    } catch (IOException e) {
      LOG.warn("event=dht-table-corrupt file={} why=\"{}\" kept=no {}", file, why, e.toString());
    }
  }

  /** Replaces the file; fails with {@code dht.cannot-save}. */
  void save(List<Signed<PeerRecord>> records) {
    var next = file.resolveSibling(file.getFileName() + ".new");
    byte[] bytes = CODEC.encode(records.subList(0, Math.min(records.size(), MAX_RECORDS)));
    try {
      try (var channel =
          FileChannel.open(
              next,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        var buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      }
      Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new Fault(DhtCode.CANNOT_SAVE, "cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}

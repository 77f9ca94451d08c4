package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file of the address book: a checksum, then one message with all entries. */
final class PeerFile {
  private static final Logger LOG = LoggerFactory.getLogger(PeerFile.class);
  private static final int VERSION = 1;
  private static final int MAX_ENTRY = 32 << 10;
  private static final int CHECKSUM = 4;

  private final Path path;

  PeerFile(Path path) {
    this.path = path.toAbsolutePath();
  }

  private static final Codec<PeerBook.Known> KNOWN =
      new Codec<>() {
        @Override
        public void write(WireWriter out, PeerBook.Known known) {
          out.string(1, known.address().toString()).string(2, known.source());
          out.uint(3, millis(known.lastSuccess())).uint(4, millis(known.lastFailure()));
          out.string(5, known.failure() == null ? "" : known.failure());
        }

        @Override
        public PeerBook.Known read(WireReader in) {
          var address = "";
          var source = "";
          Instant success = null;
          Instant failure = null;
          String why = null;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> address = in.string(Address.MAX_TEXT);
              case 2 -> source = in.string(32);
              case 3 -> success = instant(in.uint());
              case 4 -> failure = instant(in.uint());
              case 5 -> why = in.string(200);
              default -> in.skip();
            }
          }
          return new PeerBook.Known(Address.parse(address), source, success, failure, why);
        }
      };

  static final Codec<PeerBook.Entry> ENTRY =
      new Codec<>() {
        @Override
        public void write(WireWriter out, PeerBook.Entry entry) {
          out.bytes(1, entry.node().bytes());
          if (entry.record() != null) {
            out.message(2, PeerRecord.SIGNED, entry.record());
          }
          out.messages(3, KNOWN, entry.addresses());
          out.string(4, entry.alias()).bool(5, entry.manual());
          out.uint(6, millis(entry.lastSeen()));
        }

        @Override
        public PeerBook.Entry read(WireReader in) {
          byte[] node = {};
          Signed<PeerRecord> record = null;
          var addresses = new ArrayList<PeerBook.Known>();
          var alias = "";
          boolean manual = false;
          Instant seen = null;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> node = in.exactly(NodeId.BYTES);
              case 2 -> record = in.message(PeerRecord.SIGNED, PeerRecord.MAX_SIGNED_BYTES);
              case 3 -> addresses.add(in.message(KNOWN, 1024));
              case 4 -> alias = in.string(64);
              case 5 -> manual = in.bool();
              case 6 -> seen = instant(in.uint());
              default -> in.skip();
            }
          }
          if (addresses.size() > StoredPeerBook.MAX_ADDRESSES) {
            throw new Fault(KernelCode.TOO_LARGE, addresses.size() + " addresses of one peer");
          }
          return new PeerBook.Entry(
              NodeId.of(node), record, List.copyOf(addresses), alias, manual, seen);
        }
      };

  private static final Codec<List<PeerBook.Entry>> ENTRIES =
      new Codec<>() {
        @Override
        public void write(WireWriter out, List<PeerBook.Entry> entries) {
          out.uint(1, VERSION).messages(2, ENTRY, entries);
        }

        @Override
        public List<PeerBook.Entry> read(WireReader in) {
          var entries = new ArrayList<PeerBook.Entry>();
          long version = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> version = in.uint();
              case 2 -> entries.add(in.message(ENTRY, MAX_ENTRY));
              default -> in.skip();
            }
          }
          if (version != VERSION) {
            throw new Fault(KernelCode.MALFORMED, "version " + version + " of the peer file");
          }
          return entries;
        }
      };

  private static long millis(@Nullable Instant instant) {
    return instant == null ? 0 : instant.toEpochMilli();
  }

  private static @Nullable Instant instant(long millis) {
    return millis == 0 ? null : Instant.ofEpochMilli(millis);
  }

  /** The entries of the file. A damaged one is renamed, so that nothing in it is lost for good. */
  List<PeerBook.Entry> read() {
    try {
      if (!Files.exists(path)) {
        return List.of();
      }
      byte[] bytes = Files.readAllBytes(path);
      return decode(bytes);
    } catch (Fault e) {
      setAside(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      LOG.warn("event=peer-book-unreadable file={} message={}", path, e.toString());
    }
    return List.of();
  }

  static List<PeerBook.Entry> decode(byte[] bytes) {
    if (bytes.length < CHECKSUM) {
      throw new Fault(KernelCode.MALFORMED, "the peer file is cut off");
    }
    byte[] body = java.util.Arrays.copyOfRange(bytes, CHECKSUM, bytes.length);
    if (ByteBuffer.wrap(bytes).getInt() != checksum(body)) {
      throw new Fault(KernelCode.MALFORMED, "the checksum of the peer file is wrong");
    }
    return ENTRIES.decode(body);
  }

  static byte[] encode(List<PeerBook.Entry> entries) {
    byte[] body = ENTRIES.encode(entries);
    return ByteBuffer.allocate(CHECKSUM + body.length).putInt(checksum(body)).put(body).array();
  }

  private static int checksum(byte[] body) {
    var crc = new CRC32C();
    crc.update(body);
    return (int) crc.getValue();
  }

  private void setAside(String why) {
    var aside = path.resolveSibling(path.getFileName() + ".damaged");
    try {
      Files.move(path, aside, StandardCopyOption.REPLACE_EXISTING);
      LOG.warn("event=peer-book-damaged file={} set-aside={} message={}", path, aside, why);
    } catch (IOException e) {
      LOG.warn("event=peer-book-damaged file={} message={}", path, why, e);
    }
  }

  /** Writes all entries beside the file, then puts them in its place. */
  void write(List<PeerBook.Entry> entries) {
    var fresh = path.resolveSibling(path.getFileName() + ".new");
    try {
      try (var out =
          FileChannel.open(
              fresh,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        var bytes = ByteBuffer.wrap(encode(entries));
        while (bytes.hasRemaining()) {
          int _ = out.write(bytes);
        }
        out.force(true);
      }
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.warn("event=peer-book-not-written file={} message={}", path, e.toString());
    }
  }
}

package dev.cis.dht;

import dev.cis.dht.proto.Item;
import dev.cis.dht.proto.ItemCodec;
import dev.cis.dht.proto.Kept;
import dev.cis.dht.proto.Publication;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file with what the DHT of a node knows, so that a node that starts again needs no bootstrap
 * address, still has what it kept for others, and repeats what it published. Replaced as a whole by
 * renaming, so it is always an old or a new one. All signatures in it are verified again when it is
 * read.
 */
final class StoredState {
  /**
   * What is in it.
   *
   * @param table the records of the nodes in the routing table
   * @param kept what is kept for others
   * @param published what this node says again and again
   */
  record State(List<Signed<PeerRecord>> table, List<Kept> kept, List<Publication> published) {
    static final State EMPTY = new State(List.of(), List.of(), List.of());

    /** Copies the lists. */
    State {
      table = List.copyOf(table);
      kept = List.copyOf(kept);
      published = List.copyOf(published);
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(StoredState.class);
  private static final int VERSION = 2;
  private static final int MOST = 100_000;
  private static final int MAX_TABLE = 10_000;
  private static final int MAX_BYTES = 300 << 20;
  private static final int MAX_SOURCE = 64;

  private static final Codec<Kept> KEPT =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Kept kept) {
          out.message(1, ItemCodec.ITEM, kept.item())
              .string(2, kept.source())
              .uint(3, kept.until().toEpochMilli());
        }

        @Override
        public Kept read(WireReader in) {
          @Nullable Item item = null;
          var source = "";
          long until = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> item = in.message(ItemCodec.ITEM, Item.MAX_BYTES);
              case 2 -> source = in.string(MAX_SOURCE);
              case 3 -> until = in.uint(Long.MAX_VALUE);
              default -> in.skip();
            }
          }
          if (item == null) {
            throw new Fault(KernelCode.MALFORMED, "a record without what is kept");
          }
          return new Kept(item, source, Instant.ofEpochMilli(until));
        }
      };

  private static final Codec<Publication> PUBLICATION =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Publication publication) {
          switch (publication) {
            case Publication.Provided(var key) -> out.bytes(1, key.bytes());
            case Publication.Value(var item) -> out.message(2, ItemCodec.ITEM, item);
            case Publication.OwnRecord _ -> {} // it is made anew at each start
          }
        }

        @Override
        public Publication read(WireReader in) {
          @Nullable Publication publication = null;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> publication = new Publication.Provided(NodeId.of(in.exactly(NodeId.BYTES)));
              case 2 ->
                  publication = new Publication.Value(in.message(ItemCodec.ITEM, Item.MAX_BYTES));
              default -> in.skip();
            }
          }
          if (publication == null) {
            throw new Fault(KernelCode.MALFORMED, "a publication of no known kind");
          }
          return publication;
        }
      };

  static final Codec<State> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, State state) {
          out.uint(1, VERSION)
              .messages(2, PeerRecord.SIGNED, state.table)
              .messages(3, KEPT, state.kept)
              .messages(4, PUBLICATION, state.published);
        }

        @Override
        public State read(WireReader in) {
          var table = new ArrayList<Signed<PeerRecord>>();
          var kept = new ArrayList<Kept>();
          var published = new ArrayList<Publication>();
          long version = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> version = in.uint();
              case 2 -> table.add(in.message(PeerRecord.SIGNED, PeerRecord.MAX_SIGNED_BYTES));
              case 3 -> kept.add(in.message(KEPT, Item.MAX_BYTES + 2 * MAX_SOURCE));
              case 4 -> published.add(in.message(PUBLICATION, Item.MAX_BYTES + MAX_SOURCE));
              default -> in.skip();
            }
            if (table.size() > MAX_TABLE || kept.size() > MOST || published.size() > MOST) {
              throw new Fault(KernelCode.TOO_LARGE, "more than " + MOST + " records");
            }
          }
          if (version != VERSION) {
            throw new Fault(KernelCode.MALFORMED, "version " + version + ", not " + VERSION);
          }
          return new State(table, kept, published);
        }
      };

  private final Path file;

  StoredState(Path file) {
    this.file = file;
  }

  /** The state of last time; empty when there is no file or it cannot be read. */
  State load() {
    try {
      if (!Files.exists(file)) {
        return State.EMPTY;
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
    return State.EMPTY;
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
  void save(State state) {
    var next = file.resolveSibling(file.getFileName() + ".new");
    byte[] bytes = CODEC.encode(state);
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

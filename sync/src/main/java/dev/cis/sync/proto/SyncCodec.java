package dev.cis.sync.proto;

import dev.cis.crdt.VersionVector;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import dev.cis.sync.proto.SyncMessage.Compare;
import dev.cis.sync.proto.SyncMessage.Compared;
import dev.cis.sync.proto.SyncMessage.Difference;
import dev.cis.sync.proto.SyncMessage.Listing;
import dev.cis.sync.proto.SyncMessage.Print;
import dev.cis.sync.proto.SyncMessage.Split;
import java.util.ArrayList;
import java.util.List;

/**
 * All messages of an exchange as one message: field 1 is the kind, 2 the exchange, 3 the step; the
 * others are used by some kinds.
 */
final class SyncCodec implements Codec<SyncMessage> {
  private static final int HELLO = 1;
  private static final int WELCOME = 2;
  private static final int PULL = 3;
  private static final int BATCH = 4;
  private static final int GIVE = 5;
  private static final int TOOK = 6;
  private static final int COMPARE = 7;
  private static final int COMPARED = 8;
  private static final int WANT = 9;
  private static final int REFUSED = 10;
  private static final int MAX_ENTRIES = 512;
  private static final int MAX_REASON = 256;
  private static final int MAX_DIFFERENCE = 2048;

  @Override
  public void write(WireWriter out, SyncMessage message) {
    out.uint(1, kind(message)).uint(2, message.exchange()).uint(3, message.step());
    switch (message) {
      case SyncMessage.Hello m -> out.bool(4, m.full()).message(5, VersionCodec.CODEC, m.told());
      case SyncMessage.Welcome m ->
          out.message(5, VersionCodec.CODEC, m.told()).message(6, VersionCodec.CODEC, m.coverage());
      case SyncMessage.Batch m ->
          out.message(6, VersionCodec.CODEC, m.coverage())
              .messages(7, Entry.CODEC, m.entries())
              .uint(8, m.handled())
              .bool(9, m.last());
      case SyncMessage.Give m ->
          out.message(6, VersionCodec.CODEC, m.coverage())
              .messages(7, Entry.CODEC, m.entries())
              .bool(9, m.last());
      case SyncMessage.Took m -> out.bool(10, m.all());
      case Compare m -> out.messages(11, PRINT, m.prints());
      case Compared m -> out.messages(12, DIFFERENCE, m.differences());
      case SyncMessage.Want m -> m.positions().forEach(p -> out.element(13, p));
      case SyncMessage.Refused m -> out.string(14, m.reason());
      case SyncMessage.Pull _ -> {}
    }
  }

  private static int kind(SyncMessage message) {
    return switch (message) {
      case SyncMessage.Hello _ -> HELLO;
      case SyncMessage.Welcome _ -> WELCOME;
      case SyncMessage.Pull _ -> PULL;
      case SyncMessage.Batch _ -> BATCH;
      case SyncMessage.Give _ -> GIVE;
      case SyncMessage.Took _ -> TOOK;
      case Compare _ -> COMPARE;
      case Compared _ -> COMPARED;
      case SyncMessage.Want _ -> WANT;
      case SyncMessage.Refused _ -> REFUSED;
    };
  }

  @Override
  public SyncMessage read(WireReader in) {
    return new Fields().read(in);
  }

  /** What was read so far. */
  private static final class Fields {
    private int kind;
    private long exchange;
    private int step;
    private boolean full;
    private VersionVector told = VersionVector.EMPTY;
    private VersionVector coverage = VersionVector.EMPTY;
    private final List<Entry> entries = new ArrayList<>();
    private int handled;
    private boolean last;
    private boolean all;
    private final List<Print> prints = new ArrayList<>();
    private final List<Difference> differences = new ArrayList<>();
    private final List<Long> positions = new ArrayList<>();
    private String reason = "";

    SyncMessage read(WireReader in) {
      while (in.next()) {
        switch (in.field()) {
          case 1 -> kind = in.uint(Integer.MAX_VALUE);
          case 2 -> exchange = in.uint();
          case 3 -> step = in.uint(Integer.MAX_VALUE);
          case 4 -> full = in.bool();
          case 5 -> told = in.message(VersionCodec.CODEC, VersionCodec.MAX_BYTES);
          case 6 -> coverage = in.message(VersionCodec.CODEC, VersionCodec.MAX_BYTES);
          case 7 -> bounded(entries, MAX_ENTRIES).add(in.message(Entry.CODEC, Entry.MAX_BYTES));
          case 8 -> handled = in.uint(SyncMessage.MAX_WANTED);
          case 9 -> last = in.bool();
          case 10 -> all = in.bool();
          case 11 -> bounded(prints, SyncMessage.MAX_SPANS).add(in.message(PRINT, 64));
          case 12 ->
              bounded(differences, SyncMessage.MAX_SPANS)
                  .add(in.message(DIFFERENCE, MAX_DIFFERENCE));
          case 13 -> bounded(positions, SyncMessage.MAX_WANTED).add(in.uint());
          case 14 -> reason = in.string(MAX_REASON);
          default -> in.skip();
        }
      }
      return message();
    }

    private SyncMessage message() {
      return switch (kind) {
        case HELLO -> new SyncMessage.Hello(exchange, step, full, told);
        case WELCOME -> new SyncMessage.Welcome(exchange, step, told, coverage);
        case PULL -> new SyncMessage.Pull(exchange, step);
        case BATCH -> new SyncMessage.Batch(exchange, step, entries, handled, last, coverage);
        case GIVE -> new SyncMessage.Give(exchange, step, entries, last, coverage);
        case TOOK -> new SyncMessage.Took(exchange, step, all);
        case COMPARE -> new Compare(exchange, step, prints);
        case COMPARED -> new Compared(exchange, step, differences);
        case WANT -> new SyncMessage.Want(exchange, step, positions);
        case REFUSED -> new SyncMessage.Refused(exchange, step, reason);
        default ->
            throw new Fault(KernelCode.MALFORMED, "malformed message: kind " + kind + " of sync");
      };
    }
  }

  private static <T> List<T> bounded(List<T> list, int limit) {
    if (list.size() >= limit) {
      throw new Fault(KernelCode.TOO_LARGE, "more than " + limit + " elements in a sync message");
    }
    return list;
  }

  private static void writeSpan(WireWriter out, Span span) {
    out.uint(1, span.prefix()).uint(2, span.depth());
  }

  private static final Codec<Fingerprint> FINGERPRINT =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Fingerprint print) {
          out.uint(1, print.count()).uint(2, print.high()).uint(3, print.low());
        }

        @Override
        public Fingerprint read(WireReader in) {
          long count = 0;
          long high = 0;
          long low = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> count = in.uint(Long.MAX_VALUE);
              case 2 -> high = in.uint();
              case 3 -> low = in.uint();
              default -> in.skip();
            }
          }
          return new Fingerprint(count, high, low);
        }
      };

  private static final Codec<Print> PRINT =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Print print) {
          writeSpan(out, print.span());
          out.message(3, FINGERPRINT, print.fingerprint());
        }

        @Override
        public Print read(WireReader in) {
          long prefix = 0;
          int depth = 0;
          var fingerprint = Fingerprint.EMPTY;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> prefix = in.uint();
              case 2 -> depth = in.uint(16);
              case 3 -> fingerprint = in.message(FINGERPRINT, 40);
              default -> in.skip();
            }
          }
          return new Print(new Span(prefix, depth), fingerprint);
        }
      };

  private static final Codec<EntryStore.Listed> LISTED =
      new Codec<>() {
        @Override
        public void write(WireWriter out, EntryStore.Listed listed) {
          out.uint(1, listed.position()).message(2, FINGERPRINT, listed.fingerprint());
        }

        @Override
        public EntryStore.Listed read(WireReader in) {
          long position = 0;
          var fingerprint = Fingerprint.EMPTY;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> position = in.uint();
              case 2 -> fingerprint = in.message(FINGERPRINT, 40);
              default -> in.skip();
            }
          }
          return new EntryStore.Listed(position, fingerprint);
        }
      };

  private static final Codec<Difference> DIFFERENCE =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Difference difference) {
          writeSpan(out, difference.span());
          switch (difference) {
            case Split split -> out.messages(3, FINGERPRINT, split.parts());
            case Listing listing -> out.messages(4, LISTED, listing.listed());
          }
        }

        @Override
        public Difference read(WireReader in) {
          long prefix = 0;
          int depth = 0;
          var parts = new ArrayList<Fingerprint>();
          var listed = new ArrayList<EntryStore.Listed>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> prefix = in.uint();
              case 2 -> depth = in.uint(16);
              case 3 -> bounded(parts, Span.WAYS).add(in.message(FINGERPRINT, 40));
              case 4 -> bounded(listed, SyncMessage.MAX_LISTED).add(in.message(LISTED, 64));
              default -> in.skip();
            }
          }
          var span = new Span(prefix, depth);
          if (parts.isEmpty()) {
            return new Listing(span, listed);
          }
          if (parts.size() != Span.WAYS || span.isSingle()) {
            throw new Fault(KernelCode.MALFORMED, "malformed message: a span split wrongly");
          }
          return new Split(span, parts);
        }
      };
}

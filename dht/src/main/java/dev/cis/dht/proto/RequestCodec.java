package dev.cis.dht.proto;

import dev.cis.dht.proto.DhtMessage.Entry;
import dev.cis.dht.proto.DhtMessage.Find;
import dev.cis.dht.proto.DhtMessage.Ping;
import dev.cis.dht.proto.DhtMessage.Request;
import dev.cis.dht.proto.DhtMessage.Store;
import dev.cis.dht.proto.DhtMessage.What;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.util.ArrayList;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The codec of {@link Request}. */
final class RequestCodec implements Codec<Request> {
  private static final int MAX_ENTRY = Item.MAX_BYTES + 32;

  private static final Codec<Find> FIND =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Find message) {
          out.bytes(1, message.target().bytes())
              .uint(2, message.what().number())
              .bool(3, message.token());
        }

        @Override
        public Find read(WireReader in) {
          byte[] target = {};
          var what = What.NODES;
          boolean token = false;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> target = in.exactly(NodeId.BYTES);
              case 2 -> what = What.of(in.uint());
              case 3 -> token = in.bool();
              default -> in.skip();
            }
          }
          return new Find(NodeId.of(target), what, token);
        }
      };

  /** One item that is bad does not spoil the others. */
  private static final Codec<Entry> ENTRY =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Entry entry) {
          if (entry.item() != null) {
            out.message(1, ItemCodec.ITEM, entry.item());
          }
          if (entry.expected().isPresent()) {
            out.element(2, entry.expected().getAsLong());
          }
        }

        @Override
        public Entry read(WireReader in) {
          @Nullable Item item = null;
          var expected = OptionalLong.empty();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> {
                byte[] bytes = in.bytes(Item.MAX_BYTES);
                try {
                  item = ItemCodec.ITEM.decode(bytes);
                } catch (Fault e) {
                  item = null;
                }
              }
              case 2 -> expected = OptionalLong.of(in.uint(Long.MAX_VALUE));
              default -> in.skip();
            }
          }
          return new Entry(item, expected);
        }
      };

  private static final Codec<Store> STORE =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Store message) {
          out.bytes(1, message.token().toByteArray()).messages(2, ENTRY, message.entries());
        }

        @Override
        public Store read(WireReader in) {
          var token = Bytes.EMPTY;
          var entries = new ArrayList<Entry>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> token = Bytes.of(in.bytes(Tokens.BYTES));
              case 2 -> {
                if (entries.size() == DhtMessage.MAX_STORED) {
                  throw new Fault(
                      KernelCode.TOO_LARGE, "more than " + DhtMessage.MAX_STORED + " items");
                }
                entries.add(in.message(ENTRY, MAX_ENTRY));
              }
              default -> in.skip();
            }
          }
          return new Store(token, entries);
        }
      };

  @Override
  public void write(WireWriter out, Request message) {
    switch (message) {
      case Ping _ -> out.element(1, new byte[0]);
      case Find find -> out.message(2, FIND, find);
      case Store store -> out.message(3, STORE, store);
    }
  }

  @Override
  public Request read(WireReader in) {
    @Nullable Request message = null;
    while (in.next()) {
      message =
          switch (in.field()) {
            case 1 -> {
              in.skip();
              yield DhtMessage.only(message, new Ping());
            }
            case 2 -> DhtMessage.only(message, in.message(FIND, DhtMessage.MAX_REQUEST));
            case 3 -> DhtMessage.only(message, in.message(STORE, DhtMessage.MAX_REQUEST));
            default -> message;
          };
    }
    return DhtMessage.known(message);
  }
}

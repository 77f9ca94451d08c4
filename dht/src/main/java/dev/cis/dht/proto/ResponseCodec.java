package dev.cis.dht.proto;

import dev.cis.dht.proto.DhtMessage.Nodes;
import dev.cis.dht.proto.DhtMessage.Outcome;
import dev.cis.dht.proto.DhtMessage.Pong;
import dev.cis.dht.proto.DhtMessage.Response;
import dev.cis.dht.proto.DhtMessage.Stored;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import dev.cis.transport.PeerRecord;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/** The codec of {@link Response}. */
final class ResponseCodec implements Codec<Response> {
  private static final Codec<Stored> STORED =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Stored message) {
          message.outcomes().forEach(outcome -> out.element(1, outcome.number()));
        }

        @Override
        public Stored read(WireReader in) {
          var outcomes = new ArrayList<Outcome>();
          while (in.next()) {
            if (in.field() == 1) {
              atMost(outcomes.size(), DhtMessage.MAX_STORED, "outcomes");
              outcomes.add(Outcome.of(in.uint()));
            }
          }
          return new Stored(outcomes);
        }
      };

  private final Codec<Nodes> nodes;

  ResponseCodec(Codec<Signed<PeerRecord>> records) {
    this.nodes = new NodesCodec(records);
  }

  private static void atMost(int have, int limit, String what) {
    if (have == limit) {
      throw new Fault(KernelCode.TOO_LARGE, "more than " + limit + " " + what);
    }
  }

  @Override
  public void write(WireWriter out, Response message) {
    switch (message) {
      case Pong _ -> out.element(1, new byte[0]);
      case Nodes found -> out.message(2, nodes, found);
      case Stored stored -> out.message(3, STORED, stored);
    }
  }

  @Override
  public Response read(WireReader in) {
    @Nullable Response message = null;
    while (in.next()) {
      message =
          switch (in.field()) {
            case 1 -> {
              in.skip();
              yield DhtMessage.only(message, new Pong());
            }
            case 2 -> DhtMessage.only(message, in.message(nodes, DhtMessage.MAX_RESPONSE));
            case 3 -> DhtMessage.only(message, in.message(STORED, DhtMessage.MAX_RESPONSE));
            default -> message;
          };
    }
    return DhtMessage.known(message);
  }

  /** The codec of {@link Nodes}; one bad record does not spoil the others. */
  private record NodesCodec(Codec<Signed<PeerRecord>> records) implements Codec<Nodes> {
    @Override
    public void write(WireWriter out, Nodes message) {
      out.messages(1, records, message.records())
          .bytes(2, message.token().toByteArray())
          .messages(3, ItemCodec.ITEM, message.items());
    }

    @Override
    public Nodes read(WireReader in) {
      var found = new ArrayList<Signed<PeerRecord>>();
      var items = new ArrayList<Item>();
      var token = Bytes.EMPTY;
      int badRecords = 0;
      int badItems = 0;
      while (in.next()) {
        switch (in.field()) {
          case 1 -> {
            atMost(found.size() + badRecords, DhtMessage.MAX_RECORDS, "records");
            badRecords += decode(records, in.bytes(PeerRecord.MAX_SIGNED_BYTES), found);
          }
          case 2 -> token = Bytes.of(in.bytes(Tokens.BYTES));
          case 3 -> {
            atMost(items.size() + badItems, DhtMessage.MAX_ITEMS, "items");
            badItems += decode(ItemCodec.ITEM, in.bytes(Item.MAX_BYTES), items);
          }
          default -> in.skip();
        }
      }
      return new Nodes(found, items, token, badRecords + badItems);
    }

    /** 1 if it is bad, else 0. */
    private static <T> int decode(Codec<T> codec, byte[] bytes, ArrayList<T> into) {
      try {
        into.add(codec.decode(bytes));
        return 0;
      } catch (Fault e) {
        return 1;
      }
    }
  }
}

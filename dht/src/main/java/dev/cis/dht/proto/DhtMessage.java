package dev.cis.dht.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.ProtocolId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is said on a DHT stream: one request, one response. Who asks is known from the connection.
 * On the wire the field number is the kind of the message, so that later versions add kinds.
 */
public sealed interface DhtMessage {
  /** The protocol on the stream. */
  ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/dht/1.0");

  /** Largest request in bytes. */
  int MAX_REQUEST = 4096;

  /** Largest response in bytes. */
  int MAX_RESPONSE = 64 * 1024;

  /** Most records in a response. */
  int MAX_RECORDS = 20;

  /** What is asked. */
  sealed interface Request extends DhtMessage {}

  /** What is answered. */
  sealed interface Response extends DhtMessage {}

  /** Are you there? Answered with {@link Pong}. */
  record Ping() implements Request {}

  /** Which nodes do you know that are closest to this position? Answered with {@link Nodes}. */
  record FindNode(NodeId target) implements Request {}

  /** I am here. */
  record Pong() implements Response {}

  /**
   * The closest nodes that the answerer knows.
   *
   * @param records closest first, each with a verified signature
   * @param rejected how many further records were dropped because they were malformed, or not
   *     signed by the node they describe; not on the wire
   */
  record Nodes(List<Signed<PeerRecord>> records, int rejected) implements Response {
    /** Copies the list. */
    public Nodes {
      records = List.copyOf(records);
    }

    /** What an honest node answers: as many of the records as a response may have. */
    public static Nodes of(List<Signed<PeerRecord>> records) {
      int bytes = 64;
      int fitting = 0;
      while (fitting < Math.min(records.size(), MAX_RECORDS)) {
        bytes += records.get(fitting).payload().length + 128;
        if (bytes > MAX_RESPONSE) {
          break;
        }
        fitting++;
      }
      return new Nodes(records.subList(0, fitting), 0);
    }
  }

  /** Requests. */
  Codec<Request> REQUEST = new RequestCodec();

  /** Responses, with records verified by {@link PeerRecord#SIGNED}. */
  Codec<Response> RESPONSE = response(PeerRecord.SIGNED);

  /** Responses whose records another codec reads: one that remembers what it has verified. */
  static Codec<Response> response(Codec<Signed<PeerRecord>> records) {
    return new ResponseCodec(records);
  }

  /** The codec of {@link Request}. */
  final class RequestCodec implements Codec<Request> {
    private static final Codec<FindNode> FIND_NODE =
        new Codec<>() {
          @Override
          public void write(WireWriter out, FindNode message) {
            out.bytes(1, message.target.bytes());
          }

          @Override
          public FindNode read(WireReader in) {
            byte[] target = {};
            while (in.next()) {
              if (in.field() == 1) {
                target = in.exactly(NodeId.BYTES);
              }
            }
            return new FindNode(NodeId.of(target));
          }
        };

    private RequestCodec() {}

    @Override
    public void write(WireWriter out, Request message) {
      switch (message) {
        case Ping _ -> out.element(1, new byte[0]);
        case FindNode find -> out.message(2, FIND_NODE, find);
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
                yield only(message, new Ping());
              }
              case 2 -> only(message, in.message(FIND_NODE, MAX_REQUEST));
              default -> message;
            };
      }
      return known(message);
    }
  }

  /** The codec of {@link Response}. */
  final class ResponseCodec implements Codec<Response> {
    private final Codec<Nodes> nodes;

    private ResponseCodec(Codec<Signed<PeerRecord>> records) {
      this.nodes = new NodesCodec(records);
    }

    @Override
    public void write(WireWriter out, Response message) {
      switch (message) {
        case Pong _ -> out.element(1, new byte[0]);
        case Nodes found -> out.message(2, nodes, found);
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
                yield only(message, new Pong());
              }
              case 2 -> only(message, in.message(nodes, MAX_RESPONSE));
              default -> message;
            };
      }
      return known(message);
    }
  }

  /** The codec of {@link Nodes}; one bad record does not spoil the others. */
  record NodesCodec(Codec<Signed<PeerRecord>> records) implements Codec<Nodes> {
    @Override
    public void write(WireWriter out, Nodes message) {
      out.messages(1, records, message.records);
    }

    @Override
    public Nodes read(WireReader in) {
      var found = new ArrayList<Signed<PeerRecord>>();
      int rejected = 0;
      while (in.next()) {
        if (in.field() != 1) {
          continue;
        }
        if (found.size() + rejected == MAX_RECORDS) {
          throw new Fault(KernelCode.TOO_LARGE, "more than " + MAX_RECORDS + " records");
        }
        byte[] record = in.bytes(PeerRecord.MAX_SIGNED_BYTES);
        try {
          found.add(records.decode(record));
        } catch (Fault e) {
          rejected++;
        }
      }
      return new Nodes(found, rejected);
    }
  }

  private static <T> T only(@Nullable T earlier, T message) {
    if (earlier != null) {
      throw new Fault(KernelCode.MALFORMED, "malformed message: two kinds in one DHT message");
    }
    return message;
  }

  private static <T> T known(@Nullable T message) {
    if (message == null) {
      throw new Fault(KernelCode.MALFORMED, "malformed message: a DHT message of no known kind");
    }
    return message;
  }
}

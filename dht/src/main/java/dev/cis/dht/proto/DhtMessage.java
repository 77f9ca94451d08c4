package dev.cis.dht.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.transport.PeerRecord;
import dev.cis.transport.ProtocolId;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What is said in a DHT call: one request, one response. Who asks is known from the connection. On
 * the wire the field number is the kind of the message, so that later versions add kinds.
 */
public sealed interface DhtMessage {
  /** The protocol of the calls. */
  ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/dht/1.0");

  /** Largest request in bytes: what shares a stream with other calls. */
  int MAX_REQUEST = 16 * 1024;

  /** Largest response in bytes. */
  int MAX_RESPONSE = 64 * 1024;

  /** Most peer records in a response. */
  int MAX_RECORDS = 20;

  /** Most items in a response. */
  int MAX_ITEMS = 64;

  /** Most items in a request to store. */
  int MAX_STORED = 16;

  /** What is asked. */
  sealed interface Request extends DhtMessage {}

  /** What is answered. */
  sealed interface Response extends DhtMessage {}

  /** Are you there? Answered with {@link Pong}. */
  record Ping() implements Request {}

  /** What is asked for beside nodes. */
  enum What {
    /** The record of the node at the target itself, too. */
    NODES,
    /** Who provides what the target stands for. */
    PROVIDERS,
    /** The value at the target. */
    VALUE;

    /** The number on the wire. */
    int number() {
      return switch (this) {
        case NODES -> 0;
        case PROVIDERS -> 1;
        case VALUE -> 2;
      };
    }

    static What of(long number) {
      for (var what : values()) {
        if (what.number() == number) {
          return what;
        }
      }
      throw new Fault(KernelCode.MALFORMED, "malformed message: nothing to find is " + number);
    }
  }

  /**
   * Which nodes do you know that are closest to this position, and what do you keep there? Answered
   * with {@link Nodes}.
   *
   * @param token whether the asker wants to store there
   */
  record Find(NodeId target, What what, boolean token) implements Request {}

  /**
   * Keep these. Answered with {@link Stored}.
   *
   * @param token from the answer to a {@link Find} a moment ago
   */
  record Store(Bytes token, List<Entry> entries) implements Request {
    /** Copies the list. */
    public Store {
      entries = List.copyOf(entries);
    }
  }

  /**
   * Something to keep.
   *
   * @param item what; null when what came is malformed or lies, which is not on the wire
   * @param expected the sequence that the value before it must have
   */
  record Entry(@Nullable Item item, OptionalLong expected) {}

  /** I am here. */
  record Pong() implements Response {}

  /**
   * What the answerer knows.
   *
   * @param records the closest nodes, closest first, each with a verified signature
   * @param items what it keeps at the target, verified
   * @param token good for a {@link Store} soon; empty if none was asked for
   * @param rejected how many further records and items were dropped because they were malformed, or
   *     not signed by whom they name; not on the wire
   */
  record Nodes(List<Signed<PeerRecord>> records, List<Item> items, Bytes token, int rejected)
      implements Response {
    private static final int ROOM_FOR_ITEMS = 40 * 1024;

    /** Copies the lists. */
    public Nodes {
      records = List.copyOf(records);
      items = List.copyOf(items);
    }

    /** What an honest node answers: as much as a response may have. */
    public static Nodes of(List<Signed<PeerRecord>> records, List<Item> items, Bytes token) {
      int bytes = 64;
      int fittingItems = 0;
      while (fittingItems < Math.min(items.size(), MAX_ITEMS)) {
        int next = items.get(fittingItems).bytes() + 32;
        if (bytes + next > ROOM_FOR_ITEMS) {
          break;
        }
        bytes += next;
        fittingItems++;
      }
      int fitting = 0;
      while (fitting < Math.min(records.size(), MAX_RECORDS)) {
        bytes += records.get(fitting).payloadSize() + 128;
        if (bytes > MAX_RESPONSE) {
          break;
        }
        fitting++;
      }
      return new Nodes(records.subList(0, fitting), items.subList(0, fittingItems), token, 0);
    }

    /** The same without items. */
    public static Nodes of(List<Signed<PeerRecord>> records) {
      return of(records, List.of(), Bytes.EMPTY);
    }
  }

  /** What became of something that should be kept. */
  enum Outcome {
    /** It is kept. */
    KEPT,
    /** The token is not the sender's, or too old. */
    BAD_TOKEN,
    /** It is malformed, lies, has run out, or claims to last too long. */
    BAD_RECORD,
    /** Something newer is kept already. */
    STALE,
    /** What is kept is not what the sender expected. */
    CONFLICT,
    /** There is no room, or the sender has had its share. */
    FULL;

    /** The number on the wire. */
    int number() {
      return switch (this) {
        case KEPT -> 0;
        case BAD_TOKEN -> 1;
        case BAD_RECORD -> 2;
        case STALE -> 3;
        case CONFLICT -> 4;
        case FULL -> 5;
      };
    }

    static Outcome of(long number) {
      for (var outcome : values()) {
        if (outcome.number() == number) {
          return outcome;
        }
      }
      throw new Fault(KernelCode.MALFORMED, "malformed message: no outcome is " + number);
    }
  }

  /** One outcome for each item of the request, in its order. */
  record Stored(List<Outcome> outcomes) implements Response {
    /** Copies the list. */
    public Stored {
      outcomes = List.copyOf(outcomes);
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

  /** The message, unless there was one before: then the sender mixes two. */
  static <T> T only(@Nullable T earlier, T message) {
    if (earlier != null) {
      throw new Fault(KernelCode.MALFORMED, "malformed message: two kinds in one DHT message");
    }
    return message;
  }

  /** The message, if there was one of a known kind. */
  static <T> T known(@Nullable T message) {
    if (message == null) {
      throw new Fault(KernelCode.MALFORMED, "malformed message: a DHT message of no known kind");
    }
    return message;
  }
}

package dev.cis.deploy.proto;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.time.Instant;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/**
 * <pre>
 * message AppCommand {
 *   string app = 1; uint32 action = 2; // 1 start, 2 stop, 3 restart, 4 remove
 *   LogQuery query = 3; bytes target = 4; bytes nonce = 5; uint64 expiry = 6; // ms since 1970
 * }
 * message LogQuery {
 *   repeated uint32 stream = 2; // 1 stdout, 2 stderr, 3 events
 *   uint64 since = 3; uint64 until = 4; // ms since 1970, plus 1; 0 for none
 *   uint64 tail = 5; // plus 1; 0 for all
 *   string grep = 6; bool follow = 7;
 * }
 * </pre>
 */
final class CommandCodec implements Codec<AppCommand> {
  @Override
  public void write(WireWriter out, AppCommand command) {
    out.string(1, command.app());
    if (command.action() != null) {
      out.uint(2, command.action().number);
    }
    if (command.query() != null) {
      out.message(3, new QueryCodec(command.app()), command.query());
    }
    out.bytes(4, command.target().bytes())
        .bytes(5, command.nonce().toByteArray())
        .uint(6, command.expiry().toEpochMilli());
  }

  @Override
  public AppCommand read(WireReader in) {
    var app = "";
    int action = 0;
    @Nullable LogQuery query = null;
    byte[] target = {};
    byte[] nonce = {};
    long expiry = 0;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> app = in.string(63);
        case 2 -> action = in.uint(255);
        case 3 -> query = in.message(new QueryCodec(app), AppCommand.MAX_BYTES);
        case 4 -> target = in.exactly(NodeId.BYTES);
        case 5 -> nonce = in.exactly(AppCommand.NONCE_BYTES);
        case 6 -> expiry = in.uint(Long.MAX_VALUE);
        default -> in.skip();
      }
    }
    return new AppCommand(
        app,
        action == 0 ? null : AppAction.of(action),
        query,
        NodeId.of(target),
        Bytes.of(nonce),
        Instant.ofEpochMilli(expiry));
  }

  /** The query inside a command; the application's name stands in the command, before it. */
  private record QueryCodec(String app) implements Codec<LogQuery> {
    @Override
    public void write(WireWriter out, LogQuery query) {
      for (var stream : LogStream.values()) {
        if (query.streams().contains(stream)) {
          out.element(2, stream.number);
        }
      }
      if (query.since() != null) {
        out.uint(3, query.since().toEpochMilli() + 1);
      }
      if (query.until() != null) {
        out.uint(4, query.until().toEpochMilli() + 1);
      }
      if (query.tail() >= 0) {
        out.uint(5, query.tail() + 1L);
      }
      out.string(6, query.grep()).bool(7, query.follow());
    }

    @Override
    public LogQuery read(WireReader in) {
      var streams = EnumSet.noneOf(LogStream.class);
      @Nullable Instant since = null;
      @Nullable Instant until = null;
      int tail = -1;
      var grep = "";
      boolean follow = false;
      while (in.next()) {
        switch (in.field()) {
          case 2 -> streams.add(LogStream.of(in.uint(255)));
          case 3 -> since = Instant.ofEpochMilli(in.uint(Long.MAX_VALUE) - 1);
          case 4 -> until = Instant.ofEpochMilli(in.uint(Long.MAX_VALUE) - 1);
          case 5 -> tail = in.uint(Integer.MAX_VALUE) - 1;
          case 6 -> grep = in.string(LogQuery.MAX_GREP);
          case 7 -> follow = in.bool();
          default -> in.skip();
        }
      }
      return new LogQuery(app, streams, since, until, tail, grep, follow);
    }
  }
}

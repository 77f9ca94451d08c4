package dev.cis.api;

import dev.cis.deploy.LogFeed;
import dev.cis.deploy.proto.LogQuery;
import dev.cis.deploy.proto.LogRecord;
import dev.cis.deploy.proto.LogStream;
import dev.cis.kernel.fault.Fault;
import dev.cis.node.Node;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Requests for log lines. */
final class LogRequests {
  private final Node node;
  private final DeployRequests deploy;

  LogRequests(Node node, DeployRequests deploy) {
    this.node = node;
    this.deploy = deploy;
  }

  Result logs(Request.Logs request, Call call) throws InterruptedException {
    var nodes = deploy.nodesWith(request.app(), request.node(), null);
    var query =
        new LogQuery(
            request.app(),
            streams(request.stream()),
            request.since(),
            request.until(),
            request.tail(),
            request.grep() == null ? "" : request.grep(),
            request.follow());
    long lines = 0;
    try (var feed = node.deployments().logs(query, nodes, deploy.signer(request.key(), nodes))) {
      for (var entry = feed.next(); entry != null; entry = feed.next()) {
        call.item(line(entry));
        lines++;
      }
    }
    return new Result.Done(lines + " records");
  }

  private static Set<LogStream> streams(@Nullable String text) {
    if (text == null) {
      return Set.of();
    }
    return Set.of(
        Arrays.stream(LogStream.values())
            .filter(s -> s.name().equalsIgnoreCase(text))
            .findFirst()
            .orElseThrow(() ->
                new Fault(
                    ApiCode.MALFORMED,
                    "the stream is stdout, stderr or events, not '" + text + "'")));
  }

  private static Result.LogLine line(LogFeed.Entry entry) {
    var id = entry.node().toString();
    return switch (entry.record()) {
      case LogRecord.Line(var stream, var at, var text) ->
          new Result.LogLine(
              id, entry.nodeName(), "line", stream.name().toLowerCase(Locale.ROOT), at, text, null);
      case LogRecord.Gap(var at, var what) ->
          new Result.LogLine(id, entry.nodeName(), "gap", null, at, what, null);
      case LogRecord.End(var status, var reason) ->
          new Result.LogLine(
              id, entry.nodeName(), "end", null, null, reason, status < 0 ? null : status);
    };
  }
}

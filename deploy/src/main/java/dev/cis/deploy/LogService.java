package dev.cis.deploy;

import dev.cis.deploy.proto.AppCommand;
import dev.cis.deploy.proto.DeployCode;
import dev.cis.deploy.proto.LogQuery;
import dev.cis.deploy.proto.LogRecord;
import dev.cis.deploy.run.Supervisor;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.Stream;
import dev.cis.transport.Swarm;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Logs across the network: {@code /cis/sys/logs/1.0}. */
final class LogService {
  static final ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/logs/1.0");
  private static final Duration OPEN = Duration.ofSeconds(15);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

  private final Swarm swarm;
  private final Supervisor supervisor;
  private final Commands commands;
  private final DeployConfig config;
  private final Supplier<Now> clock;
  private final Semaphore served;

  LogService(
      Swarm swarm,
      Supervisor supervisor,
      Commands commands,
      DeployConfig config,
      Supplier<Now> clock) {
    this.swarm = swarm;
    this.supervisor = supervisor;
    this.commands = commands;
    this.config = config;
    this.clock = clock;
    this.served = new Semaphore(config.maxLogStreams());
  }

  /** Where records go. */
  private interface Sink {
    void put(LogRecord record) throws InterruptedException;
  }

  void serve(Stream stream) throws InterruptedException {
    stream.deadline(OPEN);
    var bytes = stream.receive(AppCommand.MAX_SIGNED_BYTES);
    if (bytes == null) {
      return;
    }
    if (!served.tryAcquire()) {
      answer(stream, new Fault(DeployCode.TOO_MANY_LOGS, "too many log streams; end one"));
      return;
    }
    try {
      LogQuery query;
      try {
        query = query(bytes);
        checked(query);
      } catch (Fault fault) {
        answer(stream, fault);
        return;
      }
      stream.send(AppCommand.Answer.CODEC.encode(new AppCommand.Answer("", "")));
      stream.deadline(null);
      var gone = new AtomicBoolean();
      var listener = Thread.ofVirtual().start(() -> awaitEnd(stream, gone));
      try {
        copy(query, record -> stream.send(LogRecord.CODEC.encode(record)), gone::get);
        stream.finish();
      } finally {
        listener.interrupt();
      }
    } finally {
      served.release();
    }
  }

  private static void awaitEnd(Stream stream, AtomicBoolean gone) {
    try {
      while (stream.receive(1024) != null) {
        // a reader says nothing more than its query
      }
    } catch (Fault fault) {
      gone.set(true);
      return;
    }
    gone.set(true);
  }

  private LogQuery query(byte[] bytes) {
    var query = commands.read(bytes).query();
    if (query == null) {
      throw new Fault(DeployCode.BAD_COMMAND, "that is no question for a log");
    }
    return query;
  }

  private static void answer(Stream stream, Fault fault) {
    var message = String.valueOf(fault.getMessage());
    stream.send(
        AppCommand.Answer.CODEC.encode(new AppCommand.Answer(fault.code().text(), message)));
    stream.finish();
  }

  /** Refuses what cannot be answered. */
  static void checked(LogQuery query) {
    try {
      var _ = java.util.regex.Pattern.compile(query.grep());
    } catch (java.util.regex.PatternSyntaxException e) {
      throw new Fault(
          DeployCode.BAD_COMMAND,
          "'" + query.grep() + "' is no regular expression: " + e.getDescription(),
          e);
    }
    if (query.grep().length() > LogQuery.MAX_GREP / 3) {
      throw new Fault(DeployCode.BAD_COMMAND, "the expression to look for is too long");
    }
  }

  void readLocally(LogQuery query, MergedFeed.Lane lane) throws InterruptedException {
    copy(query, lane::put, () -> false);
  }

  private void copy(LogQuery query, Sink sink, BooleanSupplier gone) throws InterruptedException {
    var logs = supervisor.logs(query.app());
    if (logs.isEmpty()) {
      sink.put(new LogRecord.End(-1, "'" + query.app() + "' has no log on this node"));
      return;
    }
    logs.get().observeNow();
    var reading = logs.get().read(query);
    while (!gone.getAsBoolean()) {
      var over = supervisor.ended(query.app());
      boolean last = !query.follow() || over.isPresent() || isPast(query.until());
      if (last) {
        logs.get().observeNow();
      }
      for (var record = last ? reading.nextOfEnded() : reading.next();
          record != null && !gone.getAsBoolean();
          record = last ? reading.nextOfEnded() : reading.next()) {
        sink.put(record);
      }
      if (last) {
        sink.put(
            over.map(ended -> new LogRecord.End(ended.exitStatus(), ended.reason()))
                .orElse(new LogRecord.End(-1, "")));
        return;
      }
      Thread.sleep(config.logFollowPoll().toMillis());
      logs.get().observeNow();
    }
  }

  private boolean isPast(@org.jspecify.annotations.Nullable Instant until) {
    return until != null && clock.get().wall().isAfter(until);
  }

  /** Reads from another node until its log ends; follows across lost connections. */
  void readFrom(LogQuery wanted, KeyPair signer, MergedFeed.Lane lane) throws InterruptedException {
    var query = wanted;
    var wait = Duration.ofMillis(500);
    while (true) {
      try {
        if (!readOnce(query, signer, lane)) {
          return;
        }
      } catch (Fault fault) {
        if (!query.follow()) {
          lane.put(new LogRecord.End(-1, String.valueOf(fault.getMessage())));
          return;
        }
        var now = clock.get().wall();
        lane.put(
            new LogRecord.Gap(now, "connection lost, lines may be missing: " + fault.getMessage()));
        query =
            new LogQuery(query.app(), query.streams(), now, query.until(), -1, query.grep(), true);
      }
      Thread.sleep(wait.toMillis());
      wait = wait.multipliedBy(2).compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait.multipliedBy(2);
    }
  }

  /** True to try again. */
  private boolean readOnce(LogQuery query, KeyPair signer, MergedFeed.Lane lane)
      throws InterruptedException {
    NodeId node = lane.node();
    try (var stream = swarm.open(node, PROTOCOL, OPEN)) {
      stream.send(commands.write(query.app(), null, query, node, signer));
      var first = stream.receive(AppCommand.Answer.MAX_BYTES);
      if (first != null) {
        var answer = AppCommand.Answer.CODEC.decode(first);
        if (!answer.code().isEmpty()) {
          lane.put(new LogRecord.End(-1, answer.message()));
          return false;
        }
        stream.deadline(null);
        for (var bytes = stream.receive(LogRecord.MAX_BYTES);
            bytes != null;
            bytes = stream.receive(LogRecord.MAX_BYTES)) {
          var record = LogRecord.CODEC.decode(bytes);
          lane.put(record);
          if (record instanceof LogRecord.End) {
            return false;
          }
        }
      }
      throw new Fault(DeployCode.NOT_ANSWERED, "node " + node.brief() + " ended the log stream");
    }
  }
}

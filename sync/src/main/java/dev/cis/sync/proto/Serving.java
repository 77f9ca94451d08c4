package dev.cis.sync.proto;

import dev.cis.crdt.VersionVector;
import dev.cis.kernel.time.Now;
import dev.cis.sync.proto.SyncMessage.Answer;
import dev.cis.sync.proto.SyncMessage.Batch;
import dev.cis.sync.proto.SyncMessage.Compared;
import dev.cis.sync.proto.SyncMessage.Difference;
import dev.cis.sync.proto.SyncMessage.Listing;
import dev.cis.sync.proto.SyncMessage.Request;
import dev.cis.sync.proto.SyncMessage.Split;
import dev.cis.sync.proto.SyncMessage.Took;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An exchange that a peer leads. Answers each request once and repeats the last answer. */
final class Serving {
  private final EntryStore store;
  private final Intake intake;
  private final Pace pace;
  private final SyncMessage.Hello hello;
  private @Nullable Sending sending;
  private Answer lastAnswer;
  private boolean genuine = true;
  private Duration heard;

  Serving(EntryStore store, Intake intake, Pace pace, SyncMessage.Hello hello, Now now) {
    this.store = store;
    this.intake = intake;
    this.pace = pace;
    this.hello = hello;
    this.heard = now.uptime();
    // The coverage is read before anything is compared: see Leading.
    var coverage = hello.full() ? Sending.coverage(store) : VersionVector.EMPTY;
    this.lastAnswer = new SyncMessage.Welcome(hello.exchange(), 0, intake.told(now), coverage);
  }

  long exchange() {
    return hello.exchange();
  }

  /** Whether the peer asked something within this time. */
  boolean isActive(Now now, Duration within) {
    return now.uptime().minus(heard).compareTo(within) < 0;
  }

  /** The answer, or null to a request that came late. */
  @Nullable Answer answer(Now now, Request request, Consumer<SyncOutput> out) {
    heard = now.uptime();
    if (request.step() < lastAnswer.step()) {
      return null;
    }
    if (request.step() > lastAnswer.step() + 1) {
      return new SyncMessage.Refused(request.exchange(), request.step(), "a request was missed");
    }
    if (request.step() == lastAnswer.step() + 1) {
      lastAnswer = next(now, request, out);
    }
    return lastAnswer;
  }

  private Answer next(Now now, Request request, Consumer<SyncOutput> out) {
    long exchange = request.exchange();
    int step = request.step();
    return switch (request) {
      case SyncMessage.Hello _ ->
          new SyncMessage.Refused(exchange, step, "the exchange has begun already");
      case SyncMessage.Pull _ -> {
        if (sending == null) {
          sending = new Sending(store, hello.told(), pace);
        }
        var portion = sending.next();
        yield new Batch(exchange, step, portion.entries(), 0, portion.last(), portion.coverage());
      }
      case SyncMessage.Give give -> {
        var coverage = give.last() && genuine ? give.coverage() : VersionVector.EMPTY;
        genuine &= intake.take(now, give.entries(), coverage, hello.full(), out).genuine();
        yield new Took(exchange, step, genuine);
      }
      case SyncMessage.Compare compare -> new Compared(exchange, step, differences(compare));
      case SyncMessage.Want want -> wanted(want);
    };
  }

  private List<Difference> differences(SyncMessage.Compare compare) {
    var differences = new ArrayList<Difference>();
    for (var print : compare.prints()) {
      var span = print.span();
      var mine = store.fingerprint(span);
      if (mine.equals(print.fingerprint())) {
        continue;
      }
      if (mine.count() <= SyncMessage.MAX_LISTED || span.isSingle()) {
        differences.add(new Listing(span, store.list(span, SyncMessage.MAX_LISTED)));
      } else {
        var parts = span.split().stream().map(store::fingerprint).toList();
        differences.add(new Split(span, parts));
      }
    }
    return differences;
  }

  private Batch wanted(SyncMessage.Want want) {
    var entries = new ArrayList<Entry>();
    int handled = 0;
    int bytes = 0;
    for (long position : want.positions()) {
      var found = store.at(position);
      bytes += found.stream().mapToInt(Entry::size).sum();
      if (handled > 0
          && (bytes > pace.batchBytes() || entries.size() + found.size() > pace.batchEntries())) {
        break;
      }
      entries.addAll(found);
      handled++;
    }
    return new Batch(want.exchange(), want.step(), entries, handled, false, VersionVector.EMPTY);
  }
}

package dev.cis.sync.proto;

import dev.cis.crdt.VersionVector;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import dev.cis.sync.proto.SyncMessage.Answer;
import dev.cis.sync.proto.SyncMessage.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An exchange that we lead: one request at a time, repeated until it is answered.
 *
 * <p>In a full exchange both sides read their coverage before anything is compared. Each key is
 * compared after that, so whatever a dot of the coverage said of its key, or something that beats
 * it, is found to differ and is transferred.
 */
final class Leading {
  final NodeId peer;
  final long exchange;
  final boolean full;
  final Duration started;
  final List<Long> tickets = new ArrayList<>();

  private final EntryStore store;
  private final Intake intake;
  private final Pace pace;
  private Request request;
  private int attempts;
  private Duration deadline = Duration.ZERO;
  private VersionVector theirTold = VersionVector.EMPTY;
  private VersionVector theirCoverage = VersionVector.EMPTY;
  private VersionVector ourCoverage = VersionVector.EMPTY;
  private @Nullable Sending sending;
  private @Nullable FullComparison comparison;
  private boolean genuine = true;
  private int received;
  private int sent;
  private boolean over;
  private @Nullable String failure;

  Leading(
      NodeId peer,
      long exchange,
      boolean full,
      EntryStore store,
      Intake intake,
      Pace pace,
      Now now) {
    this.peer = peer;
    this.exchange = exchange;
    this.full = full;
    this.store = store;
    this.intake = intake;
    this.pace = pace;
    this.started = now.uptime();
    this.request = new SyncMessage.Hello(exchange, 0, full, intake.told(now));
  }

  Duration deadline() {
    return deadline;
  }

  boolean isOver() {
    return over;
  }

  /** What the peer has seen, as far as it told; null before it answered. */
  @Nullable VersionVector known() {
    return over && failure == null ? theirTold.union(ourCoverage) : null;
  }

  void begin(Now now, Consumer<SyncOutput> out) {
    send(now, request, out);
  }

  /** Repeats the request, or gives up. */
  void tick(Now now, Consumer<SyncOutput> out) {
    if (over || now.uptime().compareTo(deadline) < 0) {
      return;
    }
    if (attempts >= pace.attempts()) {
      fail("no answer to " + attempts + " requests");
      return;
    }
    transmit(now, out);
  }

  void fail(String why) {
    over = true;
    failure = why;
  }

  SyncOutput.Finished finished(Now now) {
    return new SyncOutput.Finished(
        tickets, peer, exchange, full, received, sent, now.uptime().minus(started), failure);
  }

  void on(Now now, Answer answer, Consumer<SyncOutput> out) {
    if (over || answer.step() != request.step()) {
      return;
    }
    switch (answer) {
      case SyncMessage.Refused refused -> fail("the peer refused: " + refused.reason());
      case SyncMessage.Welcome welcome when request instanceof SyncMessage.Hello ->
          welcomed(now, welcome, out);
      case SyncMessage.Batch batch when request instanceof SyncMessage.Pull ->
          pulled(now, batch, out);
      case SyncMessage.Batch batch when request instanceof SyncMessage.Want -> {
        take(now, batch.entries(), VersionVector.EMPTY, out);
        if (comparison != null && comparison.got(batch.handled())) {
          compareOn(now, out);
        } else {
          fail("the peer does not hand out what it listed");
        }
      }
      case SyncMessage.Took took when request instanceof SyncMessage.Give give ->
          took(now, took, give, out);
      case SyncMessage.Compared compared when request instanceof SyncMessage.Compare -> {
        if (comparison != null && comparison.learn(compared.differences())) {
          compareOn(now, out);
        } else {
          fail("the peer compared what was not asked");
        }
      }
      default -> fail("the peer gave an answer that does not fit the request");
    }
  }

  private void welcomed(Now now, SyncMessage.Welcome welcome, Consumer<SyncOutput> out) {
    theirTold = welcome.told();
    if (full) {
      theirCoverage = welcome.coverage();
      ourCoverage = Sending.coverage(store);
      comparison = new FullComparison(store, pace);
      compareOn(now, out);
    } else if (intake.told(now).containsAll(theirTold)) {
      give(now, out);
    } else {
      send(now, new SyncMessage.Pull(exchange, next()), out);
    }
  }

  private void pulled(Now now, SyncMessage.Batch batch, Consumer<SyncOutput> out) {
    take(now, batch.entries(), batch.last() ? batch.coverage() : VersionVector.EMPTY, out);
    if (batch.last()) {
      theirTold = theirTold.union(batch.coverage());
      give(now, out);
    } else {
      send(now, new SyncMessage.Pull(exchange, next()), out);
    }
  }

  private void take(
      Now now, List<Entry> entries, VersionVector coverage, Consumer<SyncOutput> out) {
    var believed = genuine ? coverage : VersionVector.EMPTY;
    var taken = intake.take(now, entries, believed, full, out);
    genuine &= taken.genuine();
    received += taken.news();
  }

  private void give(Now now, Consumer<SyncOutput> out) {
    if (sending == null) {
      sending = new Sending(store, theirTold, pace);
    }
    var portion = sending.next();
    ourCoverage = portion.coverage();
    if (portion.last() && portion.entries().isEmpty() && theirTold.containsAll(ourCoverage)) {
      finish();
      return;
    }
    sent += portion.entries().size();
    send(
        now,
        new SyncMessage.Give(
            exchange, next(), portion.entries(), portion.last(), portion.coverage()),
        out);
  }

  private void took(
      Now now, SyncMessage.Took took, SyncMessage.Give give, Consumer<SyncOutput> out) {
    if (give.last()) {
      if (!took.all()) {
        fail("the peer found a forged entry among ours; check the disk, then run a full sync");
        return;
      }
      if (full && genuine) {
        intake.take(now, List.of(), theirCoverage, false, out);
      }
      finish();
    } else if (full) {
      compareOn(now, out);
    } else {
      give(now, out);
    }
  }

  /** The next step of a full exchange. */
  private void compareOn(Now now, Consumer<SyncOutput> out) {
    if (comparison == null) {
      return;
    }
    var request = comparison.next(exchange, next());
    if (request instanceof SyncMessage.Give give) {
      sent += give.entries().size();
    }
    send(
        now,
        request == null
            ? new SyncMessage.Give(exchange, next(), List.of(), true, ourCoverage)
            : request,
        out);
  }

  private void finish() {
    if (genuine) {
      over = true;
    } else {
      fail("the peer sent a forged entry; the others were taken");
    }
  }

  private int next() {
    return request.step() + 1;
  }

  private void send(Now now, Request next, Consumer<SyncOutput> out) {
    request = next;
    attempts = 0;
    transmit(now, out);
  }

  private void transmit(Now now, Consumer<SyncOutput> out) {
    attempts++;
    deadline = now.uptime().plus(pace.timeout());
    out.accept(new SyncOutput.Send(peer, request));
  }
}

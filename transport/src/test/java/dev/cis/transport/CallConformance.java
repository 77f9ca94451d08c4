package dev.cis.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.fault.Kind;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.sim.Mutations;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What calls must do on every network. */
public abstract class CallConformance {
  protected static final Duration LONG = Duration.ofSeconds(30);
  protected static final ProtocolId ECHO = ProtocolId.parse("/cis/app/echo/1.0");
  private static final byte[] HELLO = "hello".getBytes(UTF_8);

  private final List<AutoCloseable> opened = new ArrayList<>();

  /** A node on the network under test. */
  protected abstract Swarm join(KeyPair key, TransportConfig config, PeerDescription description);

  @AfterEach
  void closeAll() throws Exception {
    for (var closeable : opened) {
      closeable.close();
    }
  }

  protected Swarm node(String name) {
    return node(name, TransportConfig.DEFAULT);
  }

  protected Swarm node(String name, TransportConfig config) {
    var swarm =
        join(
            KeyPair.generate(new SecureRandom()),
            config.withBackoff(Duration.ofMillis(20), Duration.ofMillis(200)),
            new PeerDescription(name, new TreeMap<>(), List.of(), List.of()));
    opened.add(swarm);
    return swarm;
  }

  protected static void introduce(Swarm who, Swarm to) {
    who.book().suggest(to.self(), to.localAddresses().getFirst(), "test");
  }

  private static void assertEcho(Swarm from, NodeId to) {
    assertThat(from.ask(to, ECHO, HELLO, LONG).bytes()).isEqualTo(HELLO);
  }

  private static Fault faultOf(CompletableFuture<Answer> call) throws Exception {
    try {
      call.get(30, TimeUnit.SECONDS);
      throw new AssertionError("answered");
    } catch (ExecutionException e) {
      return fault(e);
    }
  }

  private static Fault fault(ExecutionException e) {
    return (Fault) requireNonNull(e.getCause());
  }

  private static Fault faultOf(Swarm from, NodeId to) {
    try {
      var _ = from.ask(to, ECHO, HELLO, LONG);
      throw new AssertionError("answered");
    } catch (Fault e) {
      return e;
    }
  }

  @Test
  void aCallIsAnsweredByBothSortsOfHandlers() {
    var a = node("a");
    var b = node("b");
    var inline = ProtocolId.parse("/cis/app/inline/1.0");
    var _ = b.serve(ECHO, Call::request);
    var _ = b.serveInline(inline, Call::request);
    introduce(a, b);
    for (int i = 0; i < 100; i++) {
      byte[] request = ("request " + i).getBytes(UTF_8);
      assertThat(a.ask(b.self(), ECHO, request, LONG).bytes()).isEqualTo(request);
      assertThat(a.ask(b.self(), inline, request, LONG).bytes()).isEqualTo(request);
    }
    assertThat(a.ask(b.self(), ECHO, new byte[0], LONG).payload().isEmpty()).isTrue();
  }

  @Test
  void bothSidesCallOnOneLink() throws Exception {
    var a = node("a");
    var b = node("b");
    for (var each : List.of(a, b)) {
      var _ = each.serve(ECHO, call -> each.self().bytes());
    }
    introduce(a, b);
    a.connect(b.self(), LONG);
    Await.until("connected", () -> b.link(a.self()).isPresent());
    var calls = new ArrayList<CompletableFuture<Answer>>();
    for (int i = 0; i < 200; i++) {
      calls.add(a.call(b.self(), ECHO, HELLO, LONG));
      calls.add(b.call(a.self(), ECHO, HELLO, LONG));
    }
    for (int i = 0; i < calls.size(); i += 2) {
      assertThat(calls.get(i).get(30, TimeUnit.SECONDS).bytes()).isEqualTo(b.self().bytes());
      assertThat(calls.get(i + 1).get(30, TimeUnit.SECONDS).bytes()).isEqualTo(a.self().bytes());
    }
    assertThat(a.links()).hasSize(1);
  }

  @Test
  void handlersSeeWhoAsksWhatAndForHowLong() {
    var a = node("a");
    var b = node("b");
    var seen = new CompletableFuture<List<Object>>();
    var _ =
        b.serve(
            ECHO,
            call -> {
              seen.complete(List.of(call.peer(), call.protocol(), call.realm(), call.left()));
              return call.request();
            });
    introduce(a, b);
    assertEcho(a, b.self());
    assertThat(seen.join().subList(0, 3)).isEqualTo(List.of(a.self(), ECHO, ""));
    assertThat((Duration) seen.join().get(3)).isBetween(Duration.ofSeconds(1), LONG);
  }

  @Test
  void answersOvertakeOneAnother() throws Exception {
    var a = node("a");
    var b = node("b");
    var first = new CountDownLatch(1);
    var _ =
        b.serve(
            ECHO,
            call -> {
              if (call.request()[0] == 1) {
                first.await();
              }
              return call.request();
            });
    introduce(a, b);
    var slow = a.call(b.self(), ECHO, new byte[] {1}, LONG);
    for (int i = 0; i < 50; i++) {
      assertThat(a.ask(b.self(), ECHO, new byte[] {2}, LONG).bytes()).containsExactly(2);
    }
    assertThat(slow).isNotDone();
    first.countDown();
    assertThat(slow.get(30, TimeUnit.SECONDS).bytes()).containsExactly(1);
  }

  @Test
  void largePayloadsTravelBothWaysWithoutHoldingUpSmallOnes() throws Exception {
    var a = node("a");
    var b = node("b");
    var big = ProtocolId.parse("/cis/app/big/1.0");
    var _ = b.serve(ECHO, Call::request);
    var _ = b.serveInline(big, call -> new byte[call.request()[0] << 20]);
    introduce(a, b);
    byte[] large = new byte[3 << 20];
    new SecureRandom().nextBytes(large);
    var calls = new ArrayList<CompletableFuture<Answer>>();
    for (int i = 0; i < 4; i++) {
      calls.add(a.call(b.self(), ECHO, large, LONG));
      calls.add(a.call(b.self(), big, new byte[] {4}, LONG));
      calls.add(a.call(b.self(), ECHO, Arrays.copyOf(large, 20_000), LONG));
      calls.add(a.call(b.self(), ECHO, HELLO, LONG));
    }
    for (int i = 0; i < calls.size(); i += 4) {
      assertThat(calls.get(i).get(30, TimeUnit.SECONDS).bytes()).isEqualTo(large);
      assertThat(calls.get(i + 1).get(30, TimeUnit.SECONDS).payload().size()).isEqualTo(4 << 20);
      assertThat(calls.get(i + 2).get(30, TimeUnit.SECONDS).bytes())
          .isEqualTo(Arrays.copyOf(large, 20_000));
      assertThat(calls.get(i + 3).get(30, TimeUnit.SECONDS).bytes()).isEqualTo(HELLO);
    }
  }

  @Test
  void manyLargePayloadsOneAfterAnotherLeaveNothingHeld() {
    var config = TransportConfig.DEFAULT.with(new Calling(64, 8, 1 << 20, 16 << 10));
    var a = node("a", config);
    var b = node("b", config);
    var _ = b.serve(ECHO, Call::request);
    introduce(a, b);
    byte[] large = new byte[300_000];
    for (int i = 0; i < 30; i++) {
      assertThat(a.ask(b.self(), ECHO, large, LONG).payload().size()).isEqualTo(large.length);
    }
    for (int i = 0; i < 200; i++) {
      assertEcho(a, b.self());
    }
  }

  @Test
  void tooLargeACallIsRefusedHereAndTooLargeAnAnswerThere() {
    var limits = TransportConfig.DEFAULT.limits();
    var config = TransportConfig.DEFAULT.with(limits.with(new StreamLimits(64, 64, 1000, 1 << 16)));
    var a = node("a", config);
    var b = node("b", config);
    var _ = b.serve(ECHO, call -> new byte[1 << 16]);
    introduce(a, b);
    assertThatThrownBy(() -> a.ask(b.self(), ECHO, new byte[1 << 16], LONG))
        .isInstanceOfSatisfying(
            Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.FRAME_TOO_LARGE));
    var fault = faultOf(a, b.self());
    assertThat(fault.code().text()).isEqualTo("transport.frame-too-large");
    assertThat(fault.kind()).isEqualTo(Kind.INVALID);
  }

  @Test
  void whatNobodyAnswersIsRefused() {
    var a = node("a");
    var b = node("b");
    var registration = b.serve(ECHO, Call::request);
    introduce(a, b);
    assertEcho(a, b.self());
    for (var wanted : List.of("/cis/app/echo/2.0", "/cis/app/nothing/1.0")) {
      assertThatThrownBy(() -> a.ask(b.self(), ProtocolId.parse(wanted), HELLO, LONG))
          .hasMessageContaining(wanted)
          .isInstanceOfSatisfying(
              Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.NO_PROTOCOL));
    }
    registration.close();
    assertThat(faultOf(a, b.self()).code()).isEqualTo(TransportCode.NO_PROTOCOL);
    var _ = b.serve(ECHO, Call::request);
    assertEcho(a, b.self());
    assertThatThrownBy(() -> b.serve(ECHO, Call::request))
        .isInstanceOfSatisfying(
            Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.ALREADY_SERVED));
  }

  @Test
  void theHighestCompatibleVersionAnswers() {
    var a = node("a");
    var b = node("b");
    for (var version : List.of("1.1", "1.4", "2.0")) {
      var _ =
          b.serve(
              ProtocolId.parse("/cis/app/echo/" + version),
              call -> call.protocol().toString().getBytes(UTF_8));
    }
    introduce(a, b);
    var answer = a.ask(b.self(), ECHO, HELLO, LONG);
    assertThat(answer.payload().utf8()).isEqualTo("/cis/app/echo/1.4");
    assertThat(answer.protocol()).isEqualTo(ProtocolId.parse("/cis/app/echo/1.4"));
  }

  @Test
  void aHandlersFailureReachesTheCallerAndHarmsNoOther() throws Exception {
    var a = node("a");
    var b = node("b");
    var _ =
        b.serve(
            ECHO,
            call -> {
              return switch (call.request().length) {
                case 1 -> throw new Fault(KernelCode.BAD_SIGNATURE, "not yours");
                case 2 -> throw new IllegalStateException("secret of the handler");
                default -> call.request();
              };
            });
    introduce(a, b);
    for (int i = 0; i < 20; i++) {
      var denied = faultOf(a.call(b.self(), ECHO, new byte[1], LONG));
      assertThat(denied.kind()).isEqualTo(Kind.DENIED);
      assertThat(denied.code().text()).isEqualTo("kernel.bad-signature");
      assertThat(denied).hasMessageContaining("not yours");
      var defect = faultOf(a.call(b.self(), ECHO, new byte[2], LONG));
      assertThat(defect.kind()).isEqualTo(Kind.INTERNAL);
      assertThat(defect.getMessage()).doesNotContain("secret");
      assertEcho(a, b.self());
    }
    assertThat(a.links()).hasSize(1);
  }

  @Test
  void aDeadlineEndsBothTheWaitingAndTheWork() throws Exception {
    var a = node("a");
    var b = node("b");
    var interrupted = new CompletableFuture<Boolean>();
    var _ =
        b.serve(
            ECHO,
            call -> {
              if (call.request().length == 0) {
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                  interrupted.complete(true);
                  throw e;
                }
              }
              return call.request();
            });
    introduce(a, b);
    assertEcho(a, b.self());
    var fault = faultOf(a.call(b.self(), ECHO, new byte[0], Duration.ofMillis(100)));
    assertThat(fault.code()).isEqualTo(TransportCode.STREAM_TIMEOUT);
    assertThat(interrupted.get(30, TimeUnit.SECONDS)).isTrue();
    for (int i = 0; i < 50; i++) {
      assertEcho(a, b.self());
    }
  }

  @Test
  void aCancelledCallInterruptsItsHandler() throws Exception {
    var a = node("a");
    var b = node("b");
    var begun = new Semaphore(0);
    var interrupted = new Semaphore(0);
    var _ =
        b.serve(
            ECHO,
            call -> {
              if (call.request().length != HELLO.length) {
                begun.release();
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                  interrupted.release();
                  throw e;
                }
              }
              return call.request();
            });
    introduce(a, b);
    // One on the shared stream, and one on a stream of its own.
    for (int size : new int[] {1, 100_000}) {
      var call = a.call(b.self(), ECHO, new byte[size], LONG);
      assertThat(begun.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
      assertThat(call.cancel(true)).isTrue();
      assertThat(interrupted.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
      assertEcho(a, b.self());
    }
    // And who waits for the answer and is interrupted.
    var asking =
        Thread.ofVirtual()
            .start(() ->
                assertThatThrownBy(() -> a.ask(b.self(), ECHO, new byte[1], LONG))
                    .isInstanceOf(Fault.class));
    assertThat(begun.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
    asking.interrupt();
    assertThat(interrupted.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
    asking.join();
  }

  @Test
  void callsUnderWayAreBoundedOnBothSides() throws Exception {
    var few = TransportConfig.DEFAULT.with(new Calling(4, 2, 1 << 20, 16 << 10));
    var a = node("a", few);
    var b = node("b");
    var generous = node("c");
    var go = new CountDownLatch(1);
    var working = new AtomicInteger();
    CallHandler waiting =
        call -> {
          working.incrementAndGet();
          go.await();
          working.decrementAndGet();
          return call.request();
        };
    var _ = a.serve(ECHO, waiting);
    var _ = b.serve(ECHO, waiting);
    introduce(a, b);
    introduce(generous, a);
    // Our own limit.
    var calls = new ArrayList<CompletableFuture<Answer>>();
    a.connect(b.self(), LONG);
    for (int i = 0; i < 4; i++) {
      calls.add(a.call(b.self(), ECHO, HELLO, LONG));
    }
    var fault = faultOf(a.call(b.self(), ECHO, HELLO, LONG));
    assertThat(fault.code()).isEqualTo(TransportCode.BUSY);
    assertThat(fault).hasMessageContaining("transport.max_calls = 4");
    // The peer's limit, and its handlers.
    generous.connect(a.self(), LONG);
    var refused = new AtomicInteger();
    for (int i = 0; i < 20; i++) {
      calls.add(
          generous
              .call(a.self(), ECHO, HELLO, LONG)
              .whenComplete((_, e) -> refused.addAndGet(e == null ? 0 : 1)));
    }
    Await.until("the rest is refused", () -> refused.get() == 16);
    Await.until("two work for one, four for the other", () -> working.get() == 6);
    // Who may wait for a place gets one.
    var asking =
        CompletableFuture.supplyAsync(
            () -> a.ask(b.self(), ECHO, HELLO, LONG), task -> Thread.ofVirtual().start(task));
    go.countDown();
    assertThat(asking.get(30, TimeUnit.SECONDS).bytes()).isEqualTo(HELLO);
    int answered = 0;
    for (var call : calls) {
      try {
        assertThat(call.get(30, TimeUnit.SECONDS).bytes()).isEqualTo(HELLO);
        answered++;
      } catch (ExecutionException e) {
        assertThat(fault(e).code()).isEqualTo(TransportCode.BUSY);
        assertThat(fault(e)).hasMessageContaining("transport.max_calls = 4");
      }
    }
    assertThat(answered).isEqualTo(8);
    assertEcho(generous, a.self());
  }

  @Test
  void aLostLinkFailsTheCallsOnItAndTheNextCallConnectsAgain() throws Exception {
    var a = node("a");
    var b = node("b");
    var begun = new CountDownLatch(1);
    var runs = new AtomicInteger();
    var interrupted = new CountDownLatch(1);
    var _ =
        b.serve(
            ECHO,
            call -> {
              if (call.request().length == 0) {
                runs.incrementAndGet();
                begun.countDown();
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                  interrupted.countDown();
                  throw e;
                }
              }
              return call.request();
            });
    introduce(a, b);
    var call = a.call(b.self(), ECHO, new byte[0], LONG);
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(b.hangUp(a.self(), "for the test")).isTrue();
    assertThat(faultOf(call).code()).isEqualTo(TransportCode.CONNECTION_LOST);
    assertThat(interrupted.await(30, TimeUnit.SECONDS)).isTrue();
    assertEcho(a, b.self());
    assertThat(runs).hasValue(1);
  }

  @Test
  void closingTheNodeFailsItsCalls() throws Exception {
    var a = node("a");
    var b = node("b");
    var begun = new CountDownLatch(1);
    var _ =
        b.serve(
            ECHO,
            call -> {
              begun.countDown();
              new CountDownLatch(1).await();
              return HELLO;
            });
    introduce(a, b);
    var call = a.call(b.self(), ECHO, HELLO, LONG);
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
    a.close();
    assertThat(faultOf(call).kind()).isEqualTo(Kind.UNREACHABLE);
    assertThat(faultOf(a.call(b.self(), ECHO, HELLO, LONG)).code()).isEqualTo(TransportCode.CLOSED);
  }

  @Test
  void aCallToNobodySaysSo() throws Exception {
    var a = node("a");
    var nobody = KeyPair.generate(new SecureRandom()).nodeId();
    assertThat(faultOf(a.call(nobody, ECHO, HELLO, LONG)).code())
        .isEqualTo(TransportCode.NO_ADDRESS);
    assertThat(faultOf(a, nobody).code()).isEqualTo(TransportCode.NO_ADDRESS);
  }

  @Test
  void callsFromContinuationsGoOn() throws Exception {
    var a = node("a");
    var b = node("b");
    var _ = b.serveInline(ECHO, Call::request);
    introduce(a, b);
    var done = new CompletableFuture<Integer>();
    again(a, b.self(), 5_000, done);
    assertThat(done.get(30, TimeUnit.SECONDS)).isZero();
  }

  private static void again(Swarm a, NodeId b, int left, CompletableFuture<Integer> done) {
    if (left == 0) {
      done.complete(0);
      return;
    }
    var _ =
        a.call(b, ECHO, HELLO, LONG)
            .whenComplete((answer, e) -> {
              if (e == null) {
                again(a, b, left - 1, done);
              } else {
                done.completeExceptionally(new CompletionException(e));
              }
            });
  }

  @Test
  void manyCallersShareALink() throws Exception {
    var a = node("a");
    var b = node("b");
    var _ = b.serve(ECHO, Call::request);
    introduce(a, b);
    var wrong = new AtomicInteger();
    var threads = new ArrayList<Thread>();
    for (int caller = 0; caller < 64; caller++) {
      byte[] request = new byte[caller * 40];
      Arrays.fill(request, (byte) caller);
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                for (int i = 0; i < 100; i++) {
                  if (!Arrays.equals(a.ask(b.self(), ECHO, request, LONG).bytes(), request)) {
                    wrong.incrementAndGet();
                  }
                }
              }));
    }
    for (var thread : threads) {
      thread.join();
    }
    assertThat(wrong).hasValue(0);
    assertThat(a.link(b.self()).orElseThrow().streams()).isZero();
  }

  // Hostile peers, who write what they like on a stream of calls.

  private static CallFrame.Request request(long id, ProtocolId protocol, byte[] payload) {
    return new CallFrame.Request(id, protocol.toString(), "", 20_000, false, Bytes.of(payload));
  }

  private static Stream raw(Swarm from, NodeId to) {
    return from.open(to, CallFrame.PROTOCOL, LONG);
  }

  private static void send(Stream stream, CallFrame... frames) {
    for (var frame : frames) {
      stream.send(CallFrame.CODEC.encode(frame));
    }
  }

  private static CallFrame next(Stream stream) {
    return CallFrame.CODEC.decode(requireNonNull(stream.receive(1 << 20)));
  }

  private static void assertBrokenOff(Stream stream) {
    try {
      assertThatThrownBy(
              () -> {
                while (stream.receive(1 << 20) != null) {}
              })
          .isInstanceOfSatisfying(
              Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.STREAM_RESET));
    } finally {
      stream.close();
    }
  }

  @Test
  void whoBreaksTheRulesLosesItsStreamAndNothingElse() {
    var a = node("a");
    var b = node("b");
    var go = new CountDownLatch(1);
    var _ = b.serve(ECHO, Call::request);
    var never = ProtocolId.parse("/cis/app/never/1.0");
    var _ =
        b.serve(
            never,
            call -> {
              go.await();
              return call.request();
            });
    introduce(a, b);
    var own = request(5, ECHO, HELLO);
    // Never answered: the answer would end the stream, perhaps before the second call arrives.
    var alone = new CallFrame.Request(5, never.toString(), "", 20_000, true, own.payload());
    var violations =
        List.of(
            // Answers to calls that were never made, of every sort.
            new CallFrame[] {new CallFrame.Reply(77, 0, own.payload())},
            new CallFrame[] {CallFrame.refusal(1 << 16, TransportCode.BUSY, "no")},
            new CallFrame[] {CallFrame.failure(3, new Fault(KernelCode.DEFECT, "no"))},
            // An id that is in use.
            new CallFrame[] {request(9, never, HELLO), request(9, never, HELLO)},
            // A second call on a stream for one.
            new CallFrame[] {alone, request(6, ECHO, HELLO)});
    for (var frames : violations) {
      var stream = raw(a, b.self());
      send(stream, frames);
      assertBrokenOff(stream);
      assertEcho(a, b.self());
    }
    // What is no frame.
    for (var bytes : List.of(new byte[0], new byte[] {1}, new byte[] {8, 1, 16, 0})) {
      var stream = raw(a, b.self());
      stream.send(bytes);
      assertBrokenOff(stream);
    }
    // A length over every limit, and an end inside a frame.
    var giant = raw(a, b.self());
    giant.write(ByteBuffer.wrap(new byte[] {-1, -1, -1, -1, 7, 1}));
    assertBrokenOff(giant);
    var cut = raw(a, b.self());
    cut.write(ByteBuffer.wrap(new byte[] {40, 8, 1}));
    cut.finish();
    assertBrokenOff(cut);
    assertEcho(a, b.self());
    assertThat(a.links()).hasSize(1);
    go.countDown();
  }

  @Test
  void aSecondCallOnAStreamForOneIsNotServedEvenAfterTheAnswer() {
    var a = node("a");
    var b = node("b");
    var served = new AtomicInteger();
    var _ =
        b.serveInline(
            ECHO,
            call -> {
              served.incrementAndGet();
              return call.request();
            });
    introduce(a, b);
    try (var stream = raw(a, b.self())) {
      send(stream, new CallFrame.Request(5, ECHO.toString(), "", 0, true, Bytes.of(HELLO)));
      assertThat(next(stream)).isInstanceOf(CallFrame.Reply.class);
      assertThat(stream.receive(1 << 20)).as("the answer is the last").isNull();
      try {
        send(stream, request(6, ECHO, HELLO));
        stream.finish();
      } catch (Fault e) {
        assertThat(e.code()).as("broken off meanwhile").isEqualTo(TransportCode.STREAM_RESET);
      }
    }
    assertEcho(a, b.self());
    assertThat(served).as("the first, and the echo").hasValue(2);
  }

  @Test
  void cancellingWhatIsNotThereIsNothing() {
    var a = node("a");
    var b = node("b");
    var _ = b.serve(ECHO, Call::request);
    introduce(a, b);
    try (var stream = raw(a, b.self())) {
      send(stream, new CallFrame.Cancel(7), request(7, ECHO, HELLO), new CallFrame.Cancel(7));
      send(stream, request(8, ECHO, HELLO));
      CallFrame frame;
      do {
        frame = next(stream);
      } while (frame.id() != 8);
      assertThat(frame).isInstanceOf(CallFrame.Reply.class);
    }
  }

  @Test
  void aFloodOfCallsIsRefusedAndServedAgainAfterwards() {
    var few = TransportConfig.DEFAULT.with(new Calling(8, 2, 1 << 20, 16 << 10));
    var a = node("a");
    var b = node("b", few);
    var go = new CountDownLatch(1);
    var _ =
        b.serve(
            ECHO,
            call -> {
              go.await();
              return call.request();
            });
    introduce(a, b);
    try (var stream = raw(a, b.self())) {
      for (int i = 1; i <= 2_000; i++) {
        send(stream, request(i, ECHO, HELLO));
      }
      int refused = 0;
      while (refused < 1_992) {
        assertThat(next(stream))
            .isInstanceOfSatisfying(
                CallFrame.Refusal.class,
                refusal -> {
                  assertThat(refusal.code()).isEqualTo("transport.busy");
                  assertThat(refusal.reason()).contains("transport.max_calls = 8");
                });
        refused++;
      }
      go.countDown();
      for (int i = 0; i < 8; i++) {
        assertThat(next(stream)).isInstanceOf(CallFrame.Reply.class);
      }
    }
    assertEcho(a, b.self());
  }

  @Test
  void whoDoesNotReadItsAnswersIsNotReadEither() {
    var small = TransportConfig.DEFAULT.withWindows(64 << 10, 256 << 10);
    var a = node("a", small);
    var b = node("b", small);
    var _ = b.serveInline(ECHO, Call::request);
    introduce(a, b);
    var stream = raw(a, b.self());
    stream.deadline(Duration.ofSeconds(3));
    var payload = new byte[12_000];
    var sent = new AtomicInteger();
    assertThatThrownBy(
            () -> {
              while (sent.get() < 20_000) {
                send(stream, request(sent.incrementAndGet(), ECHO, payload));
              }
            })
        .isInstanceOfSatisfying(
            Fault.class, e -> assertThat(e.code()).isEqualTo(TransportCode.STREAM_TIMEOUT));
    // The window, which QUIC lets grow to 16 MiB while its reader reads, the writer's own buffer
    // and what the answerer holds: tens of MB at most, not all 240.
    assertThat(sent.get()).isLessThan(5_000);
    stream.reset(Kind.UNREACHABLE);
    assertEcho(a, b.self());
  }

  @Test
  void damagedFramesEndTheirStreamAtMost() {
    var a = node("a");
    var b = node("b");
    var _ = b.serve(ECHO, Call::request);
    introduce(a, b);
    var frames = new ArrayList<byte[]>();
    for (var frame :
        List.of(
            request(3, ECHO, HELLO),
            new CallFrame.Reply(3, 1, request(3, ECHO, HELLO).payload()),
            new CallFrame.Cancel(3))) {
      byte[] bytes = CallFrame.CODEC.encode(frame);
      frames.add(FramedStream.framed(bytes));
    }
    var mutations = Mutations.of(frames, 21);
    for (int i = 0; i < 300; i++) {
      try (var stream = raw(a, b.self())) {
        for (int k = 0; k < 5; k++) {
          stream.write(ByteBuffer.wrap(mutations.next()));
        }
        stream.finish();
      } catch (Fault e) {
        assertThat(e.code()).isEqualTo(TransportCode.STREAM_RESET);
      }
      if (i % 50 == 0) {
        assertEcho(a, b.self());
      }
    }
    assertEcho(a, b.self());
    assertThat(a.links()).hasSize(1);
  }
}

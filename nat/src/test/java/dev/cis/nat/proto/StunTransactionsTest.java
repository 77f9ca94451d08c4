package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.time.Machine;
import dev.cis.kernel.time.Now;
import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.StunTransactions.Answered;
import dev.cis.nat.proto.StunTransactions.Ask;
import dev.cis.nat.proto.StunTransactions.Forget;
import dev.cis.nat.proto.StunTransactions.Input;
import dev.cis.nat.proto.StunTransactions.Output;
import dev.cis.nat.proto.StunTransactions.Received;
import dev.cis.nat.proto.StunTransactions.Schedule;
import dev.cis.nat.proto.StunTransactions.Send;
import dev.cis.nat.proto.StunTransactions.Silent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Questions that are lost, answered twice, answered by others, and not answered. */
class StunTransactionsTest {
  private static final Endpoint SERVER = endpoint(192, 0, 2, 10, 3478);
  private static final Endpoint OTHER = endpoint(192, 0, 2, 11, 3479);
  private static final Endpoint SEEN = endpoint(198, 18, 1, 2, 40_000);
  private static final Bytes QUESTION = question("transaction1");

  private final StunTransactions machine = new StunTransactions(Schedule.PATIENT);
  private final List<Output> outputs = new ArrayList<>();

  private static Endpoint endpoint(int a, int b, int c, int d, int port) {
    return new Endpoint(Bytes.of(new byte[] {(byte) a, (byte) b, (byte) c, (byte) d}), port);
  }

  private static Bytes question(String transaction) {
    return message(StunMessage.Kind.REQUEST, transaction);
  }

  private static Bytes message(StunMessage.Kind kind, String transaction) {
    var id = Bytes.utf8(transaction);
    var attributes =
        kind == StunMessage.Kind.SUCCESS
            ? List.of(StunMessage.xorMapped(SEEN, id))
            : List.<StunMessage.Attribute>of();
    return Bytes.of(new StunMessage(StunMessage.BINDING, kind, id, attributes).encode(true));
  }

  private void on(long millis, Input input) {
    machine.on(now(millis), input, outputs::add);
  }

  private static Now now(long millis) {
    return new Now(Duration.ofMillis(millis), Instant.EPOCH.plusMillis(millis));
  }

  /** Lets the time pass until nothing waits; what was done when. */
  private List<String> course() {
    var course = new ArrayList<String>();
    while (machine.wakeAt().compareTo(Machine.NEVER) < 0) {
      long at = machine.wakeAt().toMillis();
      machine.tick(now(at), output -> course.add(at + " " + output.getClass().getSimpleName()));
    }
    return course;
  }

  @Test
  void aQuestionIsRepeatedAsTheRfcSays() {
    on(0, Ask.of(1, QUESTION, SERVER));
    assertThat(outputs).containsExactly(new Send(QUESTION, SERVER));
    // RFC 8489 section 6.2.1, the example with RTO 500 ms.
    assertThat(course())
        .containsExactly(
            "500 Send",
            "1500 Send",
            "3500 Send",
            "7500 Send",
            "15500 Send",
            "31500 Send",
            "39500 Silent");
    assertThat(machine.isIdle()).isTrue();
  }

  @Test
  void theBriskScheduleEndsAfterFiveSeconds() {
    var brisk = new StunTransactions(Schedule.BRISK);
    brisk.on(now(0), Ask.of(1, QUESTION, SERVER), outputs::add);
    long at = 0;
    while (!brisk.isIdle()) {
      at = brisk.wakeAt().toMillis();
      brisk.tick(now(at), outputs::add);
    }
    assertThat(at).isEqualTo(5_000);
    assertThat(outputs).hasSize(5).last().isEqualTo(new Silent(1));
  }

  @Test
  void theAnswerEndsItAndIsMeasuredUnlessItIsUncertainWhichQuestionItAnswers() {
    on(0, Ask.of(1, QUESTION, SERVER));
    on(80, new Received(message(StunMessage.Kind.SUCCESS, "transaction1"), SERVER));
    var answered = (Answered) outputs.getLast();
    assertThat(answered.rtt()).contains(Duration.ofMillis(80));
    assertThat(answered.message().mapped()).contains(SEEN);
    assertThat(machine.wakeAt()).isEqualTo(Machine.NEVER);

    var late = question("transaction2");
    on(1_000, Ask.of(2, late, SERVER));
    machine.tick(now(1_500), outputs::add);
    on(1_550, new Received(message(StunMessage.Kind.SUCCESS, "transaction2"), SERVER));
    assertThat(((Answered) outputs.getLast()).rtt()).isEqualTo(Optional.empty());
  }

  @Test
  void anErrorIsAnAnswer() {
    on(0, Ask.of(1, QUESTION, SERVER));
    on(80, new Received(message(StunMessage.Kind.ERROR, "transaction1"), SERVER));
    assertThat(((Answered) outputs.getLast()).message().kind()).isEqualTo(StunMessage.Kind.ERROR);
  }

  @Test
  void aSecondAnswerIsIgnored() {
    on(0, Ask.of(1, QUESTION, SERVER));
    var answer = new Received(message(StunMessage.Kind.SUCCESS, "transaction1"), SERVER);
    on(80, answer);
    on(81, answer);
    assertThat(outputs).hasSize(2);
  }

  @Test
  void answersOfOthersToOthersAndGarbageAreIgnored() {
    on(0, Ask.of(1, QUESTION, SERVER));
    var answer = message(StunMessage.Kind.SUCCESS, "transaction1");
    on(1, new Received(answer, OTHER));
    on(2, new Received(answer, endpoint(192, 0, 2, 10, 3479)));
    on(3, new Received(message(StunMessage.Kind.SUCCESS, "transaction2"), SERVER));
    on(4, new Received(message(StunMessage.Kind.INDICATION, "transaction1"), SERVER));
    on(5, new Received(QUESTION, SERVER));
    on(6, new Received(Bytes.EMPTY, SERVER));
    on(7, new Received(Bytes.utf8("garbage that is no message"), SERVER));
    var broken = answer.toByteArray();
    broken[broken.length - 1] ^= 1; // the fingerprint
    on(8, new Received(Bytes.of(broken), SERVER));
    assertThat(outputs).hasSize(1);
    on(9, new Received(answer, SERVER));
    assertThat(outputs).hasSize(2);
  }

  @Test
  void anAnswerMayBeWantedFromElsewhere() {
    on(0, new Ask(1, QUESTION, SERVER, Set.of(OTHER)));
    var answer = message(StunMessage.Kind.SUCCESS, "transaction1");
    on(1, new Received(answer, SERVER));
    assertThat(outputs).hasSize(1);
    on(2, new Received(answer, OTHER));
    assertThat(((Answered) outputs.getLast()).from()).isEqualTo(OTHER);
  }

  @Test
  void whatIsForgottenIsNotAskedAgain() {
    on(0, Ask.of(1, QUESTION, SERVER));
    on(1, new Forget(1));
    assertThat(course()).isEmpty();
  }

  @Test
  void thereIsABoundOnWhatWaits() {
    for (int i = 0; i < StunTransactions.MOST; i++) {
      on(0, Ask.of(i, QUESTION, SERVER));
    }
    on(0, Ask.of(9_999, QUESTION, SERVER));
    assertThat(outputs.getLast()).isEqualTo(new Silent(9_999));
  }
}

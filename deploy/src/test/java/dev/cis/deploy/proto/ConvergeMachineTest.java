package dev.cis.deploy.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.blobs.Digest;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.time.Now;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConvergeMachineTest {
  private static final KeyPair ALICE = KeyPair.generate(new SplittableRandom(1));
  private static final KeyPair MALLORY = KeyPair.generate(new SplittableRandom(2));
  private static final NodeId SELF = KeyPair.generate(new SplittableRandom(3)).nodeId();
  private static final NodeId AUTHOR = KeyPair.generate(new SplittableRandom(4)).nodeId();
  private static final Release V1 = release("1.0.0", 1);
  private static final Release V2 = release("2.0.0", 2);
  private static final DeployOrder.Strategy STRATEGY =
      new DeployOrder.Strategy(0, 0, false, true, Duration.ofMinutes(5), Duration.ofSeconds(10));

  private final List<ConvergeOutput> outputs = new ArrayList<>();
  private ConvergeMachine machine = newMachine();
  private Duration uptime = Duration.ZERO;
  private @Nullable AppRecord saved;
  private long generation;

  private static ConvergeMachine newMachine() {
    return new ConvergeMachine(
        SELF,
        Map.of("env", "test"),
        new ConvergeMachine.Settings(2, 3, Duration.ofSeconds(1), Duration.ofMinutes(1)),
        new SplittableRandom(5));
  }

  @Test
  void anOrderIsFetchedStartedAndReportedHealthy() {
    trust(ALICE);
    order(ALICE, V1, 1, Selector.labels("env=test"));
    assertThat(last(ConvergeOutput.Prepare.class).author()).isEqualTo(AUTHOR);
    assertThat(phase()).isEqualTo(Phase.FETCHING);
    prepared(V1);
    assertThat(last(ConvergeOutput.Start.class).release()).isEqualTo(V1);
    assertThat(phase()).isEqualTo(Phase.STARTING);
    healthy();
    assertThat(phase()).isEqualTo(Phase.HEALTHY);
  }

  @Test
  void theReleaseIsDurablyTheCurrentOneBeforeItIsStarted() {
    deployed(V1, 1);
    var start = outputs.indexOf(last(ConvergeOutput.Start.class));
    var save = outputs.get(start - 1);
    assertThat(save)
        .isInstanceOfSatisfying(
            ConvergeOutput.Save.class, s -> assertThat(s.record().current()).isEqualTo(V1));
  }

  @Test
  void anOrderForOtherNodesIsNoConcernOfOurs() {
    trust(ALICE);
    order(ALICE, V1, 1, Selector.labels("env=prod"));
    assertThat(outputs).isEmpty();
    on(new ConvergeInput.Labelled(Map.of("env", "prod")));
    assertThat(last(ConvergeOutput.Prepare.class).release()).isEqualTo(V1);
  }

  @Test
  void anUntrustedOrderIsReportedAndObeyedOnceThePublisherIsTrusted() {
    order(MALLORY, V1, 1, Selector.all());
    assertThat(phase()).isEqualTo(Phase.UNTRUSTED);
    assertThat(outputs).noneMatch(ConvergeOutput.Prepare.class::isInstance);
    trust(MALLORY);
    assertThat(last(ConvergeOutput.Prepare.class).release()).isEqualTo(V1);
  }

  @Test
  void anUntrustedOrderWithAHigherSequenceDoesNotTouchWhatRuns() {
    deployed(V1, 1);
    outputs.clear();
    order(MALLORY, V2, 99, Selector.all());
    assertThat(outputs).allMatch(ConvergeOutput.Report.class::isInstance);
    assertThat(state().version()).isEqualTo("1.0.0");
    assertThat(state().phase()).isEqualTo(Phase.HEALTHY);
    assertThat(state().untrusted()).containsExactly(MALLORY.publicKey().toString());
  }

  @Test
  void manyStrangersFillNoMemory() {
    for (int i = 0; i < 1000; i++) {
      var order = order("app" + i, V1, 1, Selector.all(), DeployOrder.Action.RUN);
      on(new ConvergeInput.Ordered(MALLORY.publicKey(), AUTHOR, order));
    }
    assertThat(outputs).hasSize(64);
  }

  @Test
  void aReplayedOlderOrderIsNotAcceptedEvenAfterARestart() {
    deployed(V2, 5);
    restart();
    trust(ALICE);
    outputs.clear();
    order(ALICE, V1, 4, Selector.all());
    assertThat(outputs).noneMatch(ConvergeOutput.Prepare.class::isInstance);
    assertThat(record().sequence()).isEqualTo(5);
    assertThat(record().target()).isEqualTo(V2);
  }

  @Test
  void anUpgradeFetchesBeforeItStopsTheOldVersion() {
    deployed(V1, 1);
    outputs.clear();
    order(ALICE, V2, 2, Selector.all());
    assertThat(outputs).noneMatch(ConvergeOutput.Stop.class::isInstance);
    prepared(V2);
    assertThat(outputs).noneMatch(ConvergeOutput.Start.class::isInstance);
    stopped();
    assertThat(last(ConvergeOutput.Start.class).release()).isEqualTo(V2);
    healthy();
    later(Duration.ofSeconds(10));
    assertThat(record().good()).isEqualTo(V2);
  }

  @Test
  void aNewVersionThatFailsIsRolledBackAndNotTriedAgain() {
    deployed(V1, 1);
    upgrade(V2, 2);
    report(new ProcessReport.Failed("ended with status 3", 3, List.of("boom")));
    stopped();
    assertThat(last(ConvergeOutput.Start.class).release()).isEqualTo(V1);
    healthy();
    assertThat(phase()).isEqualTo(Phase.ROLLED_BACK);
    assertThat(state().reason()).contains("2.0.0").contains("status 3").contains("1.0.0");
    restart();
    trust(ALICE);
    order(ALICE, V2, 2, Selector.all());
    assertThat(last(ConvergeOutput.Start.class).release()).isEqualTo(V1);
  }

  @Test
  void aNewVersionThatIsNotHealthyInTimeIsRolledBack() {
    deployed(V1, 1);
    upgrade(V2, 2);
    report(new ProcessReport.Unhealthy("unhealthy because 503"));
    later(Duration.ofMinutes(5));
    stopped();
    assertThat(last(ConvergeOutput.Start.class).release()).isEqualTo(V1);
    healthy();
    assertThat(state().reason()).contains("not healthy within 300 s").contains("503");
  }

  @Test
  void healthMustLastBeforeTheOldVersionIsGivenUp() {
    deployed(V1, 1);
    upgrade(V2, 2);
    healthy();
    later(Duration.ofSeconds(5));
    assertThat(record().good()).isEqualTo(V1);
    report(new ProcessReport.Failed("ended with status 1", 1, List.of()));
    stopped();
    assertThat(last(ConvergeOutput.Start.class).release()).isEqualTo(V1);
  }

  @Test
  void withoutAnEarlierVersionAFailureIsShownWithItsLastLines() {
    trust(ALICE);
    order(ALICE, V1, 1, Selector.all());
    prepared(V1);
    report(new ProcessReport.Failed("ended with status 1; restarted too often", 1, List.of("x")));
    assertThat(phase()).isEqualTo(Phase.FAILED);
    assertThat(state().lastLines()).containsExactly("x");
    assertThat(outputs).noneMatch(ConvergeOutput.Stop.class::isInstance);
  }

  @Test
  void aFailedFetchIsTriedAgainAfterLongerAndLongerWaits() {
    trust(ALICE);
    order(ALICE, V1, 1, Selector.all());
    for (long wait : new long[] {1, 2, 4, 8}) {
      outputs.clear();
      on(new ConvergeInput.NotPrepared("web", V1, false, "nobody has it"));
      assertThat(outputs).noneMatch(ConvergeOutput.Prepare.class::isInstance);
      assertThat(state().reason()).contains("nobody has it");
      later(Duration.ofSeconds(wait).minusMillis(1));
      assertThat(outputs).noneMatch(ConvergeOutput.Prepare.class::isInstance);
      later(Duration.ofMillis(wait * 250 + 2));
      assertThat(last(ConvergeOutput.Prepare.class).release()).isEqualTo(V1);
    }
  }

  @Test
  void aBadPackageIsRefusedAndTheOldVersionGoesOn() {
    deployed(V1, 1);
    order(ALICE, V2, 2, Selector.all());
    outputs.clear();
    on(new ConvergeInput.NotPrepared("web", V2, true, "path leads out of the package"));
    assertThat(phase()).isEqualTo(Phase.REFUSED);
    assertThat(state().reason()).contains("path leads out");
    assertThat(outputs)
        .noneMatch(ConvergeOutput.Stop.class::isInstance)
        .noneMatch(ConvergeOutput.Prepare.class::isInstance);
  }

  @Test
  void whatAnOperatorStoppedStaysStoppedAcrossARestartUntilTheNextOrder() {
    deployed(V1, 1);
    on(new ConvergeInput.Commanded(1, "web", AppAction.STOP));
    assertThat(last(ConvergeOutput.Answer.class).code()).isNull();
    stopped();
    assertThat(phase()).isEqualTo(Phase.STOPPED);
    restart();
    trust(ALICE);
    order(ALICE, V1, 1, Selector.all());
    assertThat(outputs).noneMatch(ConvergeOutput.Start.class::isInstance);
    stopped();
    order(ALICE, V1, 2, Selector.all());
    assertThat(last(ConvergeOutput.Start.class).release()).isEqualTo(V1);
  }

  @Test
  void aRestartOfTheNodeStartsTheSameReleaseWithoutStoppingIt() {
    deployed(V1, 1);
    restart();
    assertThat(outputs).noneMatch(ConvergeOutput.Stop.class::isInstance);
    assertThat(last(ConvergeOutput.Start.class).release()).isEqualTo(V1);
  }

  @Test
  void aRestartInTheMiddleOfAnUpgradeGoesOn() {
    deployed(V1, 1);
    order(ALICE, V2, 2, Selector.all());
    restart();
    assertThat(last(ConvergeOutput.Prepare.class).release()).isEqualTo(V2);
    prepared(V2);
    last(ConvergeOutput.Stop.class);
    stopped();
    assertThat(last(ConvergeOutput.Start.class).release()).isEqualTo(V2);
  }

  @Test
  void anOperatorRestartsStopsFirst() {
    deployed(V1, 1);
    outputs.clear();
    on(new ConvergeInput.Commanded(1, "web", AppAction.RESTART));
    assertThat(outputs).noneMatch(ConvergeOutput.Start.class::isInstance);
    stopped();
    assertThat(last(ConvergeOutput.Start.class).release()).isEqualTo(V1);
  }

  @Test
  void aRemovalStopsThenDeletesAndIsNotUndoneByTheOldOrder() {
    deployed(V1, 1);
    var removal = order("web", null, 2, Selector.all(), DeployOrder.Action.REMOVE);
    on(new ConvergeInput.Ordered(ALICE.publicKey(), AUTHOR, removal));
    assertThat(outputs).noneMatch(ConvergeOutput.Delete.class::isInstance);
    stopped();
    last(ConvergeOutput.Delete.class);
    on(new ConvergeInput.Deleted("web"));
    assertThat(phase()).isEqualTo(Phase.REMOVED);
    outputs.clear();
    restart();
    trust(ALICE);
    order(ALICE, V1, 1, Selector.all());
    assertThat(outputs).noneMatch(ConvergeOutput.Prepare.class::isInstance);
  }

  @Test
  void anApplicationThatEndsWellStaysEnded() {
    deployed(V1, 1);
    report(new ProcessReport.Ended(0));
    assertThat(phase()).isEqualTo(Phase.STOPPED);
    assertThat(state().reason()).contains("status 0");
    restart();
    assertThat(outputs).noneMatch(ConvergeOutput.Start.class::isInstance);
  }

  @Test
  void aNodeThatIsFullRefuses() {
    trust(ALICE);
    for (var app : List.of("a", "b", "c")) {
      var order = order(app, V1, 1, Selector.all(), DeployOrder.Action.RUN);
      on(new ConvergeInput.Ordered(ALICE.publicKey(), AUTHOR, order));
    }
    assertThat(state().app()).isEqualTo("c");
    assertThat(state().phase()).isEqualTo(Phase.REFUSED);
    assertThat(state().reason()).contains("deploy.max_apps = 2");
  }

  @Test
  void oldVersionsAreDiscardedButNeverTheWayBack() {
    deployed(V1, 1);
    for (int i = 2; i <= 6; i++) {
      var next = release(i + ".0.0", i);
      upgrade(next, i);
      healthy();
      later(Duration.ofSeconds(10));
      assertThat(record().unpacked()).hasSizeLessThanOrEqualTo(3).contains(next);
    }
    assertThat(outputs.stream().filter(ConvergeOutput.Discard.class::isInstance)).hasSize(3);
  }

  @Test
  void anUnchangedStateIsSaidAgainSoThatItsAgeIsKnown() {
    deployed(V1, 1);
    later(Duration.ofSeconds(20));
    outputs.clear();
    later(Duration.ofSeconds(61));
    assertThat(outputs).hasSize(1).allMatch(ConvergeOutput.Report.class::isInstance);
  }

  @Test
  void progressIsSaidAtMostTwiceASecond() {
    trust(ALICE);
    order(ALICE, V1, 1, Selector.all());
    outputs.clear();
    for (int i = 0; i < 1000; i++) {
      later(Duration.ofMillis(2));
      on(new ConvergeInput.Fetched("web", V1, i));
    }
    assertThat(outputs.size()).isBetween(3, 5);
  }

  private void deployed(Release release, long sequence) {
    trust(ALICE);
    order(ALICE, release, sequence, Selector.all());
    prepared(release);
    healthy();
    later(Duration.ofSeconds(10));
    assertThat(record().good()).isEqualTo(release);
  }

  private void upgrade(Release release, long sequence) {
    order(ALICE, release, sequence, Selector.all());
    prepared(release);
    stopped();
    assertThat(last(ConvergeOutput.Start.class).release()).isEqualTo(release);
  }

  private void restart() {
    machine = newMachine();
    outputs.clear();
    generation = 0;
    on(new ConvergeInput.Restored(AppRecord.CODEC.decode(AppRecord.CODEC.encode(record()))));
  }

  private void trust(KeyPair... keys) {
    on(
        new ConvergeInput.Trusted(
            Set.of(
                Arrays.stream(keys)
                    .map(KeyPair::publicKey)
                    .toArray(dev.cis.kernel.identity.PublicKey[]::new))));
  }

  private void order(KeyPair publisher, Release release, long sequence, Selector selector) {
    var order = order("web", release, sequence, selector, DeployOrder.Action.RUN);
    on(new ConvergeInput.Ordered(publisher.publicKey(), AUTHOR, order));
  }

  private static DeployOrder order(
      String app,
      @Nullable Release release,
      long sequence,
      Selector selector,
      DeployOrder.Action action) {
    return new DeployOrder(app, action, release, selector, sequence, Instant.EPOCH, true, STRATEGY);
  }

  private void prepared(Release release) {
    on(new ConvergeInput.Prepared("web", release));
  }

  private void healthy() {
    report(new ProcessReport.Started(42, Instant.EPOCH, ""));
    report(new ProcessReport.Healthy());
  }

  private void stopped() {
    last(ConvergeOutput.Stop.class);
    report(new ProcessReport.Stopped());
  }

  private void report(ProcessReport report) {
    on(new ConvergeInput.Reported("web", generation, report));
  }

  private void on(ConvergeInput input) {
    machine.on(now(), input, this::take);
  }

  private void later(Duration time) {
    uptime = uptime.plus(time);
    machine.tick(now(), this::take);
  }

  private void take(ConvergeOutput output) {
    outputs.add(output);
    switch (output) {
      case ConvergeOutput.Save(var record) -> saved = record;
      case ConvergeOutput.Start start -> generation = start.generation();
      case ConvergeOutput.Stop stop -> generation = stop.generation();
      default -> {}
    }
  }

  private AppRecord record() {
    return java.util.Objects.requireNonNull(saved);
  }

  private AppState state() {
    return last(ConvergeOutput.Report.class).state();
  }

  private Phase phase() {
    return state().phase();
  }

  private <T extends ConvergeOutput> T last(Class<T> type) {
    var found = outputs.stream().filter(type::isInstance).map(type::cast).toList();
    assertThat(found).as(type.getSimpleName() + " among " + outputs).isNotEmpty();
    return found.getLast();
  }

  private Now now() {
    return new Now(uptime, Instant.EPOCH.plus(uptime));
  }

  private static Release release(String version, int number) {
    var digest = new byte[Digest.BYTES];
    digest[0] = (byte) number;
    return new Release(version, Digest.of(digest), 1000);
  }
}

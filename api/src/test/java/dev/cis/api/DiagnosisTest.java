package dev.cis.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DiagnosisTest {
  private static final Instant THEN = Instant.parse("2026-11-21T08:00:00Z");
  private static final String NODE = "abcdefgh23456789";
  private static final Result.WhyAttempt SILENT = tried("192.0.2.1:7677 did not answer");
  private static final Result.WhyRelay NAMED =
      new Result.WhyRelay("r", "pub1", true, true, true, false, THEN, "pub1: no place here");
  private static final Result.WhyRest BACKOFF = new Result.WhyRest(7, false, 2, "did not answer");

  private boolean online = true;
  private boolean traversal = true;
  private boolean admitted = true;
  private Result.@Nullable WhyRest rest;
  private List<Result.WhyAttempt> attempts = List.of();
  private List<Result.WhyRelay> relays = List.of();
  private List<Result.ConnectionEnd> ended = List.of();

  private static Result.WhyAttempt tried(@Nullable String failure) {
    return new Result.WhyAttempt(
        "192.0.2.1:7677", "record", null, failure == null ? null : THEN, failure, "soon");
  }

  private static Result.WhyLink link(String path, String direction, @Nullable String search) {
    return new Result.WhyLink(
        path, direction, "203.0.113.10:7677", 3.5, THEN, true, "pub1", search, 42L);
  }

  private Result.Why why(Result.@Nullable WhyLink link) {
    return Diagnosis.complete(
        new Result.Why(
            NODE, "b1", online, traversal, admitted, false, List.of(), link, rest, attempts, relays,
            ended, "", ""));
  }

  private void means(Result.@Nullable WhyLink link, String verdict, String... words) {
    var why = why(link);
    assertThat(why.verdict()).as(why.meaning()).isEqualTo(verdict);
    assertThat(why.meaning()).contains(words);
  }

  @Test
  void aConnectionIsExplainedByItsPathAndItsSearch() {
    means(link("direct", "outbound", "direct by 192.0.2.1:7677"), "direct", "nothing to do");
    for (var search : new String[] {null, "probing", "not tried yet", "direct by 192.0.2.1:7"}) {
      means(link("relay", "outbound", search), "searching", "relay pub1", "b1 --until-direct");
    }
    var failed = "no answer from 192.0.2.1:7677";
    means(
        link("relay", "outbound", failed),
        "relayed",
        "the relay pub1",
        "no direct path was found: " + failed,
        "begins in 42 s");
    means(link("relay", "inbound", failed), "relayed", "The peer, which dialled, looks again");
    traversal = false;
    means(link("relay", "inbound", null), "relayed", "p2p.enable_nat_traversal = true");
  }

  @Test
  void aConnectionInAnotherRealmIsNotThatOfAMember() {
    var stranger =
        new Result.WhyLink(
            "direct", "inbound", "192.0.2.1:7677", null, THEN, false, null, null, null);
    means(stranger, "other-realm", "Connected directly", "cis p2p invite");
  }

  @Test
  void whoeverDecidedThatThereIsNoConnectionIsNamedFirst() {
    attempts = List.of(SILENT);
    rest = new Result.WhyRest(250, true, 0, "it was disconnected here");
    means(null, "disconnected", "it was disconnected here", "250 s", "cis p2p connect b1");
    admitted = false;
    means(null, "not-admitted", "cis p2p allow b1");
    admitted = true;
    rest = BACKOFF;
    attempts = List.of(SILENT, tried("192.0.2.2:7677 refused us: no common realm"));
    means(null, "refused", "cis p2p realm list");
    attempts = List.of(SILENT, tried("192.0.2.2:7677 is zzzzzzzz, not abcdefgh"));
    means(null, "wrong-identity", "remove-peer b1");
  }

  @Test
  void whoeverIsNotReachedIsExplainedByWhatWasTried() {
    means(null, "no-address", "cis p2p find b1");
    attempts = List.of(tried(null));
    means(null, "not-tried", "cis p2p connect b1");
    ended = List.of(new Result.ConnectionEnd(NODE, "b1", THEN, "lost", null, "timed out"));
    means(null, "lost", "lost: timed out");
    attempts = List.of(SILENT);
    rest = BACKOFF;
    means(null, "no-relay", "its one address leads nowhere", "names no relay", "in 7 s");
    relays = List.of(NAMED);
    attempts = List.of(SILENT, SILENT);
    means(null, "unreachable", "none of its 2 addresses", "no relay that it named");
    traversal = false;
    means(null, "unreachable", "this node uses no relay");
    online = false;
    means(null, "offline", "cis p2p netcheck");
  }
}

package dev.cis.nat.proto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class OffersTest {
  private static final NodeId SMALL = node(1);
  private static final NodeId GREAT = node(2);
  private static final List<Endpoint> HERE = at(1);
  private static final List<Endpoint> THERE = at(2);
  private static final Duration START = Duration.ofHours(1);

  private static NodeId node(int first) {
    byte[] id = new byte[NodeId.BYTES];
    Arrays.fill(id, (byte) first);
    return NodeId.of(id);
  }

  private static List<Endpoint> at(int last) {
    return List.of(new Endpoint(Bytes.of(new byte[] {10, 0, 0, (byte) last}), 7677));
  }

  private static Duration after(Duration later) {
    return START.plus(later);
  }

  @Test
  void whoDialledOffersAtOnceAndWhoWasDialledOnlyWhenItHasMoved() {
    var dialler = new Offers(SMALL);
    assertThat(dialler.isDue(GREAT, true, HERE, START)).isTrue();
    assertThat(dialler.isDue(GREAT, true, THERE, START)).as("one is on its way").isFalse();
    assertThat(dialler.begin(GREAT, 7, HERE)).isPresent();
    assertThat(dialler.isDue(GREAT, true, THERE, START)).as("a search holds").isFalse();

    var dialled = new Offers(GREAT);
    assertThat(dialled.isDue(SMALL, false, THERE, START)).isFalse();
    assertThat(dialled.accept(SMALL, 7, THERE, START)).isPresent();
    assertThat(dialled.ended(SMALL, 7, "lost", START)).isTrue();
    assertThat(dialled.isDue(SMALL, false, THERE, after(Duration.ofHours(1)))).isFalse();
    assertThat(dialled.isDue(SMALL, false, HERE, START)).as("the dialler cannot know").isTrue();
  }

  @Test
  void searchesThatCameToNothingAreRepeatedAfterFiveSecondsThenEveryMinute() {
    var offers = new Offers(SMALL);
    var now = START;
    for (var pause : List.of(Offers.SOON, Offers.LATER, Offers.LATER)) {
      assertThat(offers.isDue(GREAT, true, HERE, now)).isTrue();
      assertThat(offers.begin(GREAT, 7, HERE)).isPresent();
      assertThat(offers.next(GREAT, now)).as("it runs").isEmpty();
      assertThat(offers.ended(GREAT, 7, "no answer", now)).isTrue();
      assertThat(offers.state(GREAT)).contains("no answer");
      assertThat(offers.next(GREAT, now)).contains(pause);
      assertThat(offers.isDue(GREAT, true, HERE, now.plus(pause).minusMillis(1))).isFalse();
      now = now.plus(pause);
    }
    // What was found and lost again counts as news.
    assertThat(offers.isDue(GREAT, true, HERE, now)).isTrue();
    assertThat(offers.begin(GREAT, 8, HERE)).isPresent();
    assertThat(offers.found(GREAT, 8, "direct")).isTrue();
    assertThat(offers.ended(GREAT, 8, "lost", now)).isTrue();
    assertThat(offers.next(GREAT, now)).contains(Offers.SOON);
    // And an offer that never left as a failure.
    now = now.plus(Offers.SOON);
    assertThat(offers.isDue(GREAT, true, HERE, now)).isTrue();
    offers.notSent(GREAT, "no stream", now);
    assertThat(offers.next(GREAT, now)).contains(Offers.LATER);
  }

  @Test
  void ofTwoOffersThatCrossThatOfTheSmallerNodeHolds() {
    var small = new Offers(SMALL);
    var great = new Offers(GREAT);
    assertThat(small.isDue(GREAT, true, HERE, START)).isTrue();
    assertThat(great.isDue(SMALL, true, THERE, START)).isTrue();
    assertThat(small.begin(GREAT, 1, HERE)).isPresent();
    assertThat(great.begin(SMALL, 2, THERE)).isPresent();

    assertThat(small.accept(GREAT, 2, HERE, START)).isEmpty();
    assertThat(great.accept(SMALL, 1, THERE, START)).contains(new Offers.Begun(Optional.of(2L)));
    assertThat(great.ended(SMALL, 2, "refused", START)).as("it does not hold any more").isFalse();
    assertThat(great.found(SMALL, 2, "direct")).isFalse();
    assertThat(small.held()).containsExactly(1L);
    assertThat(great.held()).containsExactly(1L);
  }

  @Test
  void anOfferThatIsReadyAfterThePeersWasAnsweredIsNotSent() {
    var small = new Offers(SMALL);
    assertThat(small.isDue(GREAT, true, HERE, START)).isTrue();
    assertThat(small.accept(GREAT, 2, HERE, START)).isPresent();
    assertThat(small.begin(GREAT, 1, HERE)).isEmpty();
    assertThat(small.held()).containsExactly(2L);
    small.notSent(GREAT, "no stream", START);
    assertThat(small.state(GREAT)).contains("probing");
  }

  @Test
  void aPeerThatOffersTooOftenIsNotAnswered() {
    var offers = new Offers(GREAT);
    assertThat(offers.accept(SMALL, 1, HERE, START)).isPresent();
    var early = after(Offers.APART.minusMillis(1));
    assertThat(offers.accept(SMALL, 2, HERE, early)).isEmpty();
    assertThat(offers.accept(SMALL, 3, HERE, after(Offers.APART)))
        .contains(new Offers.Begun(Optional.of(1L)));
  }

  @Test
  void noMorePeersAreRememberedThanThereIsRoomFor() {
    var offers = new Offers(SMALL);
    for (int i = 0; i < Offers.MAX_PEERS; i++) {
      byte[] id = new byte[NodeId.BYTES];
      id[0] = 3;
      id[1] = (byte) (i >> 8);
      id[2] = (byte) i;
      assertThat(offers.accept(NodeId.of(id), i, HERE, START)).isPresent();
    }
    assertThat(offers.accept(GREAT, -1, HERE, START)).isEmpty();
    assertThat(offers.isDue(GREAT, true, HERE, START)).isFalse();
    assertThat(offers.retain(peer -> false)).hasSize(Offers.MAX_PEERS);
    assertThat(offers.held()).isEmpty();
    assertThat(offers.accept(GREAT, -1, HERE, START)).isPresent();
  }

  @Test
  void bothSidesHoldTheSameSearchSoonAfterBothHaveMoved() {
    for (long seed = 0; seed < 2_000; seed++) {
      var world = new World(seed, 0);
      for (int move = 0; move < 5; move++) {
        world.run(Duration.ofSeconds(6));
        assertThat(world.agree()).as("seed %d, after move %d", seed, move).isTrue();
        world.a.move(10 + move);
        world.b.move(20 + move);
      }
    }
  }

  @Test
  void bothSidesHoldTheSameSearchInTheEndWhateverBroke() {
    for (long seed = 0; seed < 2_000; seed++) {
      var world = new World(seed, 0.4);
      for (int move = 0; move < 20; move++) {
        world.run(Duration.ofMillis(world.random.nextInt(100, 4_000)));
        (world.random.nextBoolean() ? world.a : world.b).move(10 + move);
      }
      world.loss = 0;
      world.run(Offers.LATER.plusSeconds(20));
      assertThat(world.agree()).as("seed %d", seed).isTrue();
    }
  }

  /** Two nodes whose addresses change, and what they tell each other meanwhile. */
  private static final class World {
    private record Event(Duration at, long order, Runnable what) {}

    /** One of the two. */
    private final class Side {
      final NodeId id;
      final boolean dialled;
      final Offers offers;
      final Set<Long> found = new HashSet<>();
      List<Endpoint> mine = HERE;

      Side(NodeId id, boolean dialled) {
        this.id = id;
        this.dialled = dialled;
        this.offers = new Offers(id);
      }

      Side other() {
        return this.equals(a) ? b : a;
      }

      boolean holds(long session) {
        return offers.held().contains(session);
      }

      void look() {
        if (offers.isDue(other().id, dialled, mine, now)) {
          var told = mine;
          later(delay(), () -> offer(told)); // the stream is opened
        }
        later(Duration.ofMillis(500), this::look);
      }

      private void offer(List<Endpoint> told) {
        long session = random.nextLong();
        if (breaks()) {
          offers.notSent(other().id, "no stream", now);
        } else if (offers.begin(other().id, session, told).isPresent()) {
          later(delay(), () -> other().offered(session));
        }
      }

      private void offered(long session) {
        if (breaks()) {
          later(Duration.ofSeconds(10), () -> other().end(session));
        } else if (offers.accept(other().id, session, mine, now).isPresent()) {
          search(session);
          later(delay(), () -> other().search(session));
        } else {
          later(delay(), () -> other().end(session));
        }
      }

      /** Probes for three seconds: some come through when the other side probes too. */
      private void search(long session) {
        if (holds(session)) {
          later(Duration.ofMillis(700), () -> probe(session, 4));
        }
      }

      private void probe(long session, int more) {
        if (!holds(session)) {
          found.remove(session);
        } else if (other().holds(session)) {
          boolean counts = offers.found(other().id, session, "direct");
          assertThat(counts).isTrue();
          found.add(session);
          later(Duration.ofMillis(700), () -> probe(session, 4));
        } else if (more > 0) {
          later(Duration.ofMillis(700), () -> probe(session, more - 1));
        } else {
          end(session);
        }
      }

      private void end(long session) {
        found.remove(session);
        boolean _ = offers.ended(other().id, session, "came to nothing", now);
      }

      void move(int address) {
        mine = at(address);
        offers.held().forEach(session -> later(delay(), () -> end(session)));
      }
    }

    final Side a;
    final Side b;
    private final SplittableRandom random;
    private final PriorityQueue<Event> events =
        new PriorityQueue<>(
            (x, y) -> x.at.equals(y.at) ? Long.compare(x.order, y.order) : x.at.compareTo(y.at));
    private Duration now = START;
    private long order;
    private double loss;

    World(long seed, double loss) {
      this.random = new SplittableRandom(seed);
      this.loss = loss;
      boolean first = random.nextBoolean();
      this.a = new Side(SMALL, first);
      this.b = new Side(GREAT, !first);
      later(delay(), a::look);
      later(delay(), b::look);
    }

    private Duration delay() {
      return Duration.ofMillis(random.nextInt(5, 400));
    }

    private boolean breaks() {
      return random.nextDouble() < loss;
    }

    private void later(Duration later, Runnable what) {
      events.add(new Event(now.plus(later), order++, what));
    }

    void run(Duration span) {
      var until = now.plus(span);
      for (var next = events.peek(); next != null && next.at.compareTo(until) <= 0; ) {
        events.poll();
        now = next.at;
        next.what.run();
        next = events.peek();
      }
      now = until;
    }

    boolean agree() {
      return a.found.size() == 1 && a.found.equals(b.found);
    }
  }
}

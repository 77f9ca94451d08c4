package dev.cis.kernel.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LoopTest {
  /** Echoes, ticks once 20 ms after each input, and dies on "bad". */
  private static final class Echo implements Machine<String, String> {
    private Duration wakeAt = NEVER;

    @Override
    public void on(Now now, String input, Consumer<String> out) {
      if (input.equals("bad")) {
        throw new IllegalStateException("as asked");
      }
      wakeAt = now.uptime().plusMillis(20);
      out.accept(input);
    }

    @Override
    public void tick(Now now, Consumer<String> out) {
      if (wakeAt.compareTo(now.uptime()) <= 0) {
        wakeAt = NEVER;
        out.accept("tick");
      }
    }

    @Override
    public Duration wakeAt() {
      return wakeAt;
    }
  }

  private final LinkedBlockingQueue<String> outputs = new LinkedBlockingQueue<>();

  private Loop<String, String> loop(int capacity, Consumer<String> effects) {
    return new Loop<>("test", new Echo(), capacity, Uptime.CLOCK, effects);
  }

  @Test
  void inputsAreAnsweredInOrderAndTimeComes() throws InterruptedException {
    try (var loop = loop(8, outputs::add)) {
      assertThat(loop.offer("a")).isTrue();
      loop.put("b");
      assertThat(outputs.poll(30, TimeUnit.SECONDS)).isEqualTo("a");
      assertThat(outputs.poll(30, TimeUnit.SECONDS)).isEqualTo("b");
      assertThat(outputs.poll(30, TimeUnit.SECONDS)).isEqualTo("tick");
    }
  }

  @Test
  void aDefectIsLoggedAndTheLoopGoesOn() throws InterruptedException {
    try (var loop = loop(8, outputs::add)) {
      loop.put("bad");
      loop.put("good");
      assertThat(outputs.poll(30, TimeUnit.SECONDS)).isEqualTo("good");
    }
  }

  @Test
  void aFullMailboxRefusesInsteadOfGrowing() throws InterruptedException {
    var gate = new CountDownLatch(1);
    var entered = new CountDownLatch(1);
    Consumer<String> stuck =
        output -> {
          entered.countDown();
          try {
            gate.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    try (var loop = loop(2, stuck)) {
      loop.put("first");
      entered.await();
      assertThat(loop.offer("a")).isTrue();
      assertThat(loop.offer("b")).isTrue();
      assertThat(loop.offer("c")).isFalse();
      assertThat(loop.refused()).isEqualTo(1);
      assertThat(loop.backlog()).isEqualTo(2);
      gate.countDown();
    }
  }

  @Test
  void stateIsReadBetweenInputsAndAClosedLoopTakesNothing() throws Exception {
    var loop = loop(8, outputs::add);
    var seen = new CompletableFuture<Boolean>();
    loop.inspect(() -> seen.complete(Thread.currentThread().isVirtual()));
    assertThat(seen.get(30, TimeUnit.SECONDS)).isTrue();
    loop.close();
    loop.close();
    assertThat(loop.offer("late")).isFalse();
  }
}

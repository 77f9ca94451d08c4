package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ThrottleTest {
  private final Throttle throttle = new Throttle("of the test", 1024, System::nanoTime);

  private CountDownLatch waiters(int count, AtomicInteger through) {
    var done = new CountDownLatch(count);
    for (int i = 0; i < count; i++) {
      Thread.ofVirtual()
          .start(() -> {
            try {
              throttle.pass(Priority.BULK, 16 << 10, Long.MAX_VALUE);
              through.incrementAndGet();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            } finally {
              done.countDown();
            }
          });
    }
    return done;
  }

  @Test
  void liftingALimitLetsEveryWaiterThrough() throws Exception {
    throttle.spend(1 << 30); // twelve days at this rate
    var through = new AtomicInteger();
    var done = waiters(20, through);
    throttle.rate(0);
    done.await();
    assertThat(through).hasValue(20);
    assertThat(throttle.rate()).isZero();
    throttle.rate(5000);
    assertThat(throttle.rate()).isEqualTo(5000);
  }

  @Test
  void raisingALimitCountsForThoseWhoWaitAlready() throws Exception {
    throttle.spend(1 << 30);
    var through = new AtomicInteger();
    var done = waiters(3, through);
    throttle.rate(100L << 30);
    done.await();
    assertThat(through).hasValue(3);
  }

  @Test
  void aDeadlineEndsTheWaitAndNamesTheLimit() {
    throttle.spend(1 << 30);
    assertThatThrownBy(() -> throttle.pass(Priority.INTERACTIVE, 1, System.nanoTime() + 20_000_000))
        .isInstanceOf(Fault.class)
        .hasMessageContaining("of the test")
        .extracting(e -> ((Fault) e).code())
        .isEqualTo(TransportCode.STREAM_TIMEOUT);
  }

  @Test
  void anInterruptedWaiterLeavesTheQueue() throws Exception {
    throttle.spend(1 << 30);
    var interrupted = new CountDownLatch(1);
    var waiter =
        Thread.ofVirtual()
            .start(() -> {
              try {
                throttle.pass(Priority.INTERACTIVE, 1, Long.MAX_VALUE);
              } catch (InterruptedException e) {
                interrupted.countDown();
              }
            });
    waiter.interrupt();
    interrupted.await();
    throttle.rate(100L << 30);
    throttle.pass(Priority.BULK, 1, Long.MAX_VALUE);
  }
}

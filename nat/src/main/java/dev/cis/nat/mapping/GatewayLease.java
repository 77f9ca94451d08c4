package dev.cis.nat.mapping;

import dev.cis.kernel.time.Loop;
import dev.cis.kernel.time.Now;
import dev.cis.nat.proto.LeaseInput;
import dev.cis.nat.proto.LeaseInput.Refusal;
import dev.cis.nat.proto.LeaseOutput;
import dev.cis.nat.proto.LeaseOutput.Standing;
import dev.cis.nat.proto.LeaseTimes;
import dev.cis.nat.proto.MappingProtocol;
import dev.cis.nat.proto.PortLease;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the lease at one router: questions to it go out on threads of their own. */
final class GatewayLease implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GatewayLease.class);
  private static final int MAILBOX = 64;
  private static final Duration FAREWELL = Duration.ofSeconds(3);

  private final Gateway gateway;
  private final Map<MappingProtocol, Mapper> mappers;
  private final Supplier<Now> clock;
  private final Runnable changed;
  private final Loop<LeaseInput, LeaseOutput> loop;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile Standing standing =
      new Standing(LeaseOutput.State.SEARCHING, null, null, Duration.ZERO, "");

  GatewayLease(
      Gateway gateway,
      Map<MappingProtocol, Mapper> mappers,
      PortLease machine,
      Supplier<Now> clock,
      Runnable changed) {
    this.gateway = gateway;
    this.mappers = mappers;
    this.clock = clock;
    this.changed = changed;
    this.loop = new Loop<>("mapping-" + gateway.device(), machine, MAILBOX, clock, this::perform);
  }

  static PortLease machine(int port, MappingConfig config, RandomGenerator random) {
    return new PortLease(port, LeaseTimes.of(config.lease(), config.checkEvery()), random);
  }

  private void perform(LeaseOutput output) {
    switch (output) {
      case LeaseOutput.Ask(var by, var port, var life) ->
          elsewhere("ask", by, mapper -> mapper.ask(port, life));
      case LeaseOutput.Check(var by, var port, var life) ->
          elsewhere("check", by, mapper -> mapper.check(port, life));
      case LeaseOutput.Release(var by, var port) -> release(by, port);
      case LeaseOutput.Restarted(var by) ->
          LOG.info("event=router-restarted gateway={} protocol={}", gateway, by.text());
      case LeaseOutput.Changed(var now) -> changed(now);
    }
  }

  private void elsewhere(
      String what, MappingProtocol by, java.util.function.Function<Mapper, LeaseInput> question) {
    var mapper = mappers.get(by);
    if (mapper == null) {
      loop.offer(new LeaseInput.Refused(by, Refusal.SILENT, "not tried", ""));
      return;
    }
    Thread.ofVirtual()
        .name("mapping-" + what + "-" + by.text())
        .start(() -> {
          LeaseInput answer;
          try {
            answer = question.apply(mapper);
          } catch (RuntimeException e) {
            LOG.error("event=mapping-defect gateway={} protocol={}", gateway, by.text(), e);
            answer = Outcomes.refused(by, Refusal.SILENT, "a defect of this program: " + e);
          }
          LOG.debug("event=mapping-answer gateway={} answer=\"{}\"", gateway, answer);
          if (!loop.offer(answer) && answer instanceof LeaseInput.Granted granted) {
            mapper.release(granted.external().port()); // it came after the end
          }
        });
  }

  private void release(MappingProtocol by, int port) {
    LOG.info(
        "event=port-mapping-released gateway={} protocol={} port={}", gateway, by.text(), port);
    var mapper = mappers.get(by);
    if (mapper != null) {
      mapper.release(port);
    }
  }

  private void changed(Standing now) {
    var before = standing;
    standing = now;
    var external = now.external();
    if (external != null && !external.equals(before.external())) {
      LOG.info(
          "event=port-mapped gateway={} protocol={} external={} public={}",
          gateway.address().getHostAddress(),
          now.by(),
          external,
          !external.isPrivate());
    } else if (external == null && now.state() == LeaseOutput.State.NONE) {
      LOG.info(
          "event=port-not-mapped gateway={} reason=\"{}\"",
          gateway.address().getHostAddress(),
          now.reason());
    }
    if (now.state() == LeaseOutput.State.STOPPED) {
      stopped.countDown();
    }
    changed.run();
  }

  /** The network changed, or an operator wants it tried now. */
  void again() {
    loop.offer(new LeaseInput.Again());
  }

  Mapping look() {
    var now = standing;
    var external = now.external();
    boolean isPublic = external != null && !external.isPrivate();
    var left = now.until().minus(clock.get().uptime());
    return new Mapping(
        gateway,
        now.state().name().toLowerCase(Locale.ROOT),
        now.by() == null ? "" : now.by().text(),
        external,
        external == null || left.isNegative() ? Duration.ZERO : left,
        isPublic,
        external == null || isPublic
            ? now.reason()
            : "the router's external address is private: another router is before it");
  }

  /** Gives the mapping back; waits some seconds at most for the router. */
  @Override
  public void close() {
    loop.offer(new LeaseInput.Stop());
    try {
      var _ = stopped.await(FAREWELL.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    loop.close();
  }
}

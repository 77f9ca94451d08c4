package dev.cis.deploy.proto;

import dev.cis.deploy.proto.DeployOrder.Action;
import dev.cis.deploy.proto.DeployOrder.Strategy;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * <pre>
 * message DeployOrder {
 *   string app = 1; uint32 action = 2; // 1 run, 2 remove
 *   Release release = 3; Selector selector = 4; uint64 sequence = 5;
 *   uint64 issued_at = 6; // milliseconds since 1970
 *   bool installed_only = 7; Strategy strategy = 8;
 * }
 * message Strategy {
 *   uint32 max_parallel = 1; uint32 canary = 2; bool auto_promote = 3; bool auto_rollback = 4;
 *   uint64 healthy_deadline_ms = 5; uint64 min_healthy_ms = 6;
 * }
 * </pre>
 */
final class OrderCodec implements Codec<DeployOrder> {
  private static final int MAX_SELECTOR = 48 * 1024;
  private static final int MAX_STRATEGY = 256;
  private static final int MAX_NODES = 1_000_000;
  private static final long MAX_MILLIS = Duration.ofDays(7).toMillis();

  static final Codec<Strategy> STRATEGY =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Strategy strategy) {
          out.uint(1, strategy.maxParallel())
              .uint(2, strategy.canary())
              .bool(3, strategy.autoPromote())
              .bool(4, strategy.autoRollback())
              .uint(5, strategy.healthyDeadline().toMillis())
              .uint(6, strategy.minHealthy().toMillis());
        }

        @Override
        public Strategy read(WireReader in) {
          int maxParallel = 0;
          int canary = 0;
          boolean promote = false;
          boolean rollback = false;
          long deadline = 0;
          long healthy = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> maxParallel = in.uint(MAX_NODES);
              case 2 -> canary = in.uint(MAX_NODES);
              case 3 -> promote = in.bool();
              case 4 -> rollback = in.bool();
              case 5 -> deadline = in.uint(MAX_MILLIS);
              case 6 -> healthy = in.uint(MAX_MILLIS);
              default -> in.skip();
            }
          }
          return new Strategy(
              maxParallel,
              canary,
              promote,
              rollback,
              Duration.ofMillis(deadline),
              Duration.ofMillis(healthy));
        }
      };

  @Override
  public void write(WireWriter out, DeployOrder order) {
    out.string(1, order.app()).uint(2, order.action() == Action.RUN ? 1 : 2);
    if (order.release() != null) {
      out.message(3, ReleaseCodec.CODEC, order.release());
    }
    out.message(4, SelectorCodec.CODEC, order.selector())
        .uint(5, order.sequence())
        .uint(6, order.issuedAt().toEpochMilli())
        .bool(7, !order.running())
        .message(8, STRATEGY, order.strategy());
  }

  @Override
  public DeployOrder read(WireReader in) {
    var app = "";
    int action = 0;
    @Nullable Release release = null;
    @Nullable Selector selector = null;
    long sequence = 0;
    long issuedAt = 0;
    boolean installedOnly = false;
    @Nullable Strategy strategy = null;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> app = in.string(63);
        case 2 -> action = in.uint(255);
        case 3 -> release = in.message(ReleaseCodec.CODEC, ReleaseCodec.MAX_BYTES);
        case 4 -> selector = in.message(SelectorCodec.CODEC, MAX_SELECTOR);
        case 5 -> sequence = in.uint(Long.MAX_VALUE);
        case 6 -> issuedAt = in.uint(Long.MAX_VALUE);
        case 7 -> installedOnly = in.bool();
        case 8 -> strategy = in.message(STRATEGY, MAX_STRATEGY);
        default -> in.skip();
      }
    }
    if (selector == null || strategy == null || action < 1 || action > 2) {
      throw new Fault(DeployCode.BAD_ORDER, "the order lacks action, selector or strategy");
    }
    return new DeployOrder(
        app,
        action == 1 ? Action.RUN : Action.REMOVE,
        release,
        selector,
        sequence,
        Instant.ofEpochMilli(issuedAt),
        !installedOnly,
        strategy);
  }
}

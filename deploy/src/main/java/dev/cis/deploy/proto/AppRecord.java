package dev.cis.deploy.proto;

import dev.cis.deploy.proto.DeployOrder.Strategy;
import dev.cis.kernel.identity.PublicKey;
import dev.cis.kernel.wire.Codec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node remembers of an application across restarts; written durably before it acts on it.
 *
 * @param app the application
 * @param publisher whose order is in force
 * @param sequence that order's sequence; a lower one is never accepted again
 * @param goal what is wanted here: the order's word, or an operator's after it
 * @param target the release ordered; null for a removal
 * @param strategy how the order wants it done
 * @param current the release that was handed to the supervisor last
 * @param good the release that was last healthy for long enough: the way back
 * @param rejected why the target is not to be run again, empty while it is
 * @param refused whether the target was rejected before it ever ran
 * @param note why the goal is what it is, when nobody ordered it: the application ended by itself
 * @param unpacked releases that are completely unpacked, oldest first
 */
public record AppRecord(
    String app,
    PublicKey publisher,
    long sequence,
    Goal goal,
    @Nullable Release target,
    Strategy strategy,
    @Nullable Release current,
    @Nullable Release good,
    String rejected,
    boolean refused,
    String note,
    List<Release> unpacked) {
  /** What is wanted. */
  public enum Goal {
    /** A running process. */
    RUN(1),
    /** An installed application that does not run. */
    STOPPED(2),
    /** Nothing of it. */
    REMOVED(3);

    final int number;

    Goal(int number) {
      this.number = number;
    }

    static Goal of(int number) {
      for (var value : values()) {
        if (value.number == number) {
          return value;
        }
      }
      throw new IllegalArgumentException("no Goal has the number " + number);
    }
  }

  /** Most bytes of a text. */
  static final int MAX_TEXT = 1024;

  /** Most unpacked releases. */
  static final int MAX_UNPACKED = 64;

  /** Largest encoding in bytes. */
  public static final int MAX_BYTES = 16 * 1024;

  /** How it is kept in its file. */
  public static final Codec<AppRecord> CODEC = new AppRecordCodec();

  /** Copies the list, cuts long texts. */
  public AppRecord {
    DeployOrder.checkApp(app);
    unpacked = List.copyOf(unpacked);
    rejected = cut(rejected);
    note = cut(note);
  }

  static AppRecord accept(DeployOrder order, PublicKey publisher, @Nullable AppRecord before) {
    var goal =
        order.action() == DeployOrder.Action.REMOVE
            ? Goal.REMOVED
            : order.running() ? Goal.RUN : Goal.STOPPED;
    return new AppRecord(
        order.app(),
        publisher,
        order.sequence(),
        goal,
        order.release(),
        order.strategy(),
        before == null ? null : before.current,
        before == null ? null : before.good,
        "",
        false,
        "",
        before == null ? List.of() : before.unpacked);
  }

  AppRecord withGoal(Goal next, String why) {
    return new AppRecord(
        app, publisher, sequence, next, target, strategy, current, good, rejected, refused, why,
        unpacked);
  }

  AppRecord withCurrent(@Nullable Release next) {
    return new AppRecord(
        app, publisher, sequence, goal, target, strategy, next, good, rejected, refused, note,
        unpacked);
  }

  AppRecord withGood(Release next) {
    return new AppRecord(
        app, publisher, sequence, goal, target, strategy, current, next, rejected, refused, note,
        unpacked);
  }

  AppRecord withRejected(String why, boolean neverRan) {
    return new AppRecord(
        app, publisher, sequence, goal, target, strategy, current, good, why, neverRan, note,
        unpacked);
  }

  AppRecord withUnpacked(Release release) {
    var all = new ArrayList<>(unpacked);
    all.remove(release);
    all.add(release);
    return withUnpacked(all);
  }

  /** The same with other unpacked releases. */
  public AppRecord withUnpacked(List<Release> all) {
    return new AppRecord(
        app, publisher, sequence, goal, target, strategy, current, good, rejected, refused, note,
        all);
  }

  AppRecord emptied() {
    return new AppRecord(
        app, publisher, sequence, goal, target, strategy, null, null, rejected, refused, note,
        List.of());
  }

  /** The release that should be in place: the target, or the way back when it was rejected. */
  @Nullable Release wanted() {
    return rejected.isEmpty() ? target : good;
  }

  private static String cut(String text) {
    return text.length() <= MAX_TEXT / 4 ? text : text.substring(0, MAX_TEXT / 4 - 3) + "...";
  }
}

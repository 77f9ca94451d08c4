package dev.cis.kernel.time;

import java.time.Duration;
import java.time.Instant;

/**
 * The time at which something happens.
 *
 * @param uptime monotonic time since the process (or simulation) began; for timers and intervals
 * @param wall what the calendar says, which can jump; only for what is shown, stored or compared
 *     across nodes
 */
public record Now(Duration uptime, Instant wall) {}

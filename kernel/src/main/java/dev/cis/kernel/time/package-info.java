/**
 * Time, and the contract between protocol cores and the world.
 *
 * <p>A protocol is a {@link dev.cis.kernel.time.Machine}: a function of (now, input) with no
 * threads, sockets, clocks, files, loggers or randomness of its own. A {@link
 * dev.cis.kernel.time.Loop} runs one machine on one virtual thread against the real clock; the
 * simulator runs thousands of them on one thread against a virtual one.
 */
@NullMarked
package dev.cis.kernel.time;

import org.jspecify.annotations.NullMarked;

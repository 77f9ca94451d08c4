/**
 * Benchmarks. {@code bench/run NAME} prints one JSON line with the figure and, beside it, something
 * real measured in the same run, so that a slow or throttled machine does not mislead. {@code
 * bench/run --help} lists them and says what each does.
 */
@NullMarked
package dev.cis.bench;

import org.jspecify.annotations.NullMarked;

/**
 * Words on a terminal: every command of {@code cis}.
 *
 * <p>{@link dev.cis.cli.Main} reads the words, {@code Words} is the tree of commands, {@code Cis}
 * has the options that all of them share, {@code Screen} is the terminal. A command makes a {@link
 * dev.cis.api.Request}, sends it over the control socket and shows the answer: data on standard
 * output, progress and diagnostics on standard error, with {@code --json} the answer as it came.
 */
@NullMarked
package dev.cis.cli;

import org.jspecify.annotations.NullMarked;

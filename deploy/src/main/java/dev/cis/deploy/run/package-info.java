/**
 * Processes of applications: start, adopt, watch, restart, stop, and their logs.
 *
 * <p>Applications outlive the daemon. Each process is started by a tiny shell ({@link
 * dev.cis.deploy.run.Launcher}) in a session of its own that writes its process id before, and the
 * exit status after, so that nothing is lost or started twice when the daemon is killed at any
 * moment; output goes straight into files. A daemon that comes back finds the process again by id,
 * start time and boot.
 */
@NullMarked
package dev.cis.deploy.run;

import org.jspecify.annotations.NullMarked;

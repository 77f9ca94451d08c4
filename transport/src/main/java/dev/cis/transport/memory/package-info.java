/**
 * A network inside one process: the swarm of the real one, over pipes in memory. For tests of
 * everything above the transport; links are lost when the test says so.
 */
@NullMarked
package dev.cis.transport.memory;

import org.jspecify.annotations.NullMarked;

/**
 * Assembles everything: one data directory, one configuration, one lifecycle.
 *
 * <p>{@link dev.cis.node.Home} is the data directory, {@link dev.cis.node.Settings} the one reader
 * of configuration (flags before environment before file before defaults), {@link
 * dev.cis.node.NodeConfig} its outcome. {@link dev.cis.node.Node} starts the rooms in order, plugs
 * them into each other, and stops them in the opposite order.
 */
@NullMarked
package dev.cis.node;

import org.jspecify.annotations.NullMarked;

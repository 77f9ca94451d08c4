/**
 * The swarm's decisions as functions of time and input: how long to leave a peer alone that could
 * not be reached ({@link dev.cis.transport.proto.Backoff}), how fast to do something ({@link
 * dev.cis.transport.proto.Pace}), and which connections to give up when there are too many ({@link
 * dev.cis.transport.proto.Trim}). No threads, clocks or sockets.
 */
@NullMarked
package dev.cis.transport.proto;

import org.jspecify.annotations.NullMarked;

/**
 * A signed package becomes supervised processes on chosen nodes.
 *
 * <p>{@code deploy.pack} is the package format (build, sign, verify, unpack), {@code deploy.trust}
 * the publishers' keys. A deployment is an order signed by a trusted publisher in the replicated
 * memory under {@code deploy/}; {@code deploy.proto} decides what this node must do about all
 * orders it knows, {@code deploy.run} does it: fetch, verify, unpack, start, watch, capture output.
 * Every node writes its own state under {@code node/<NodeId>/}.
 */
@NullMarked
package dev.cis.deploy;

import org.jspecify.annotations.NullMarked;

/**
 * Find peers without knowing them: mDNS on the LAN (RFC 6762 and 6763), a bootstrap list, peers
 * added by hand, and those remembered from last time. Everything found goes into the swarm's
 * address book; one scheduler connects while there are fewer peers than wanted.
 */
@NullMarked
package dev.cis.discovery;

import org.jspecify.annotations.NullMarked;

package dev.cis.nat.mapping;

import dev.cis.transport.Address;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the mapping at one router stands.
 *
 * @param gateway the router
 * @param state searching, mapped, none or stopped
 * @param protocol pcp, nat-pmp or upnp; empty without a mapping
 * @param external address and port on the router's outside; null without a mapping
 * @param leaseLeft how long the router keeps it without being asked again
 * @param isPublic whether the external address is one of the internet; if not, another translator
 *     is before the router and the address is of no use to others
 * @param reason why there is none, or why it is of no use
 */
public record Mapping(
    Gateway gateway,
    String state,
    String protocol,
    @Nullable Address external,
    Duration leaseLeft,
    boolean isPublic,
    String reason) {}

package dev.cis.nat.mapping;

import java.net.InetAddress;

/**
 * A default router of this machine.
 *
 * @param device the network interface that leads to it
 * @param local our address there
 * @param address the router's
 */
public record Gateway(String device, InetAddress local, InetAddress address) {}

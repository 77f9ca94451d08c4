package dev.cis.deploy;

import dev.cis.deploy.proto.AppState;
import java.time.Duration;

/**
 * An application on a node, as far as this node knows.
 *
 * @param nodeName the node's name, for people
 * @param state what the node said last
 * @param age how long ago, by the clocks of both nodes
 * @param stale whether that is too long ago to be believed: never show it as healthy then
 */
public record AppView(String nodeName, AppState state, Duration age, boolean stale) {}

/**
 * The pure core of deployment: what is said about applications, and what a node does about it.
 *
 * <p>A publisher signs a {@link dev.cis.deploy.proto.DeployOrder}: run this package, or remove that
 * application, on the nodes that a {@link dev.cis.deploy.proto.Selector} matches. Orders travel in
 * the replicated memory; of the trusted publishers' orders for one application the highest sequence
 * is in force. Every node says what it made of it in its own {@link dev.cis.deploy.proto.AppState}.
 * An operator can also tell single nodes to start or stop with a signed {@link
 * dev.cis.deploy.proto.AppCommand}.
 */
@NullMarked
package dev.cis.deploy.proto;

import org.jspecify.annotations.NullMarked;

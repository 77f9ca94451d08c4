/**
 * The package format: build, sign, verify, unpack.
 *
 * <p>{@code name-version.p2p} is a plain ustar archive of exactly two entries: {@code
 * app.tar.gz.sig}, then {@code app.tar.gz}, which holds {@code manifest.yaml} and the application's
 * files. {@link dev.cis.deploy.pack.Packer} makes one, the same bytes from the same files; {@link
 * dev.cis.deploy.pack.PackageReader} reads one that nobody vouches for yet: it checks the signature
 * against the {@link dev.cis.deploy.trust.Publishers} of this node and writes nothing before that.
 *
 * <p>Unpacking goes into a fresh directory beside the destination and ends with one rename, so an
 * application is either there as a whole or not at all. {@code docs/reference/package.md} describes
 * every byte.
 */
@NullMarked
package dev.cis.deploy.pack;

import org.jspecify.annotations.NullMarked;

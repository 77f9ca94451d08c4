/**
 * Content-addressed bytes: put once, named by their SHA-256, fetched from any peer that has them.
 *
 * <p>A blob is stored and transferred as a list of chunks, each with its own SHA-256 in a manifest.
 * Every chunk is verified before it is written or served, and the whole before it is handed out. A
 * transfer that was broken off goes on from what is on disk.
 */
@NullMarked
package dev.cis.blobs;

import org.jspecify.annotations.NullMarked;

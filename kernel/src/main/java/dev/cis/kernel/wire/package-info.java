/**
 * Where bytes become messages.
 *
 * <p>Every message is in the protocol buffers wire format (tag, then varint or length-delimited
 * value), written by hand: an immutable record with a {@link dev.cis.kernel.wire.Codec}. Fields
 * that a reader does not know are skipped, so a version can grow. Every length is checked against
 * the field's own limit before anything is allocated. The messages are described as {@code .proto}
 * text in {@code docs/reference/protocol.md}, with golden vectors under {@code
 * docs/reference/vectors}.
 *
 * <p>Encoding is canonical for what we write (fields in ascending order, defaults omitted), but a
 * signature always covers the bytes that were carried, never a re-encoding.
 */
@NullMarked
package dev.cis.kernel.wire;

import org.jspecify.annotations.NullMarked;

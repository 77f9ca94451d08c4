/**
 * One request vocabulary, and the control socket that serves it.
 *
 * <p>A {@link dev.cis.api.Request} is a record; so is every {@link dev.cis.api.Result}. {@link
 * dev.cis.api.ControlServer} takes requests at the Unix domain socket in the data directory (mode
 * 0600: whoever can open it is the owner of the node), {@link dev.cis.api.Service} carries them out
 * on the node, {@link dev.cis.api.ControlClient} is the other end of the socket.
 *
 * <p>One connection carries one request. Frames are: length (4 bytes, big endian), type (1 byte),
 * body. The client sends one JSON frame {@code {"request": "ping", "node": ...}} and, for a request
 * with an upload, byte frames up to an empty one. The daemon answers with JSON frames: {@code
 * {"item": ...}} for each part of a streaming answer, then {@code {"done": ...}} or {@code
 * {"error": {"code", "kind", "message"}}}. Closing the connection ends the request.
 */
@NullMarked
package dev.cis.api;

import org.jspecify.annotations.NullMarked;

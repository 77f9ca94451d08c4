package dev.cis.transport;

import dev.cis.kernel.wire.Bytes;

/**
 * What a peer answered to a call.
 *
 * @param protocol the version that answered
 * @param payload the answer
 */
public record Answer(ProtocolId protocol, Bytes payload) {
  /** A copy of the answer. */
  public byte[] bytes() {
    return payload.toByteArray();
  }
}

package dev.cis.kernel.fault;

/**
 * What sort of thing went wrong. The only place where a fault becomes a number: CLI exit codes and
 * QUIC application error codes are read from here.
 */
public enum Kind {
  /** The request or the bytes make no sense as they are; repeating them will not help. */
  INVALID(2, 0x101),
  /** The thing named does not exist here. */
  NOT_FOUND(1, 0x102),
  /** Identity, signature, role or trust does not allow it. */
  DENIED(5, 0x103),
  /** No path to the peer, or nobody answers there. */
  UNREACHABLE(6, 0x104),
  /** The deadline passed; the work may or may not have been done. */
  TIMEOUT(4, 0x105),
  /** The state has changed or the name is taken. */
  CONFLICT(1, 0x106),
  /** A limit was reached; try again later or raise the limit that the message names. */
  EXHAUSTED(1, 0x107),
  /** Stored or received bytes are damaged. */
  CORRUPT(1, 0x108),
  /** A defect of cis. */
  INTERNAL(1, 0x109);

  private final int exitCode;
  private final int closeCode;

  Kind(int exitCode, int closeCode) {
    this.exitCode = exitCode;
    this.closeCode = closeCode;
  }

  /** The exit code of a command that ends with a fault of this kind. */
  public int exitCode() {
    return exitCode;
  }

  /** The QUIC application error code (RFC 9000 section 20.2) for a stream or connection. */
  public int closeCode() {
    return closeCode;
  }

  /** The kind that a peer meant by a close code, {@link #INTERNAL} for a code nobody assigned. */
  public static Kind ofCloseCode(long code) {
    for (var kind : values()) {
      if (kind.closeCode == code) {
        return kind;
      }
    }
    return INTERNAL;
  }
}

package dev.cis.kernel.wire;

/**
 * How a message becomes bytes and back. Stateless; one constant per message.
 *
 * @param <T> the message, an immutable record
 */
public interface Codec<T> {
  /** Appends the fields of the message, in ascending field order. */
  void write(WireWriter out, T message);

  /**
   * Reads one message up to the end of the reader.
   *
   * @throws dev.cis.kernel.fault.Fault {@code kernel.malformed} or {@code kernel.too-large}
   */
  T read(WireReader in);

  /** The message as bytes. */
  default byte[] encode(T message) {
    var out = new WireWriter();
    write(out, message);
    return out.toByteArray();
  }

  /**
   * The bytes as a message. Whatever goes wrong inside, a hostile peer gets no other exception out
   * of it than a fault.
   */
  default T decode(byte[] bytes) {
    return WireReader.decoding(() -> read(new WireReader(bytes)));
  }
}

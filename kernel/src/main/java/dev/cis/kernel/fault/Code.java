package dev.cis.kernel.fault;

/**
 * A stable name for something that goes wrong, such as {@code transport.dial-timeout}. Implemented
 * by one enum per room.
 */
public interface Code {
  /** {@code <room>.<what-went-wrong>}, lower case, append-only. */
  String text();

  /** What sort of thing it is. */
  Kind kind();

  /** One sentence for the error reference: what it means and what to do. */
  String help();
}

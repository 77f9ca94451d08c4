package dev.cis.kernel.fault;

import org.jspecify.annotations.Nullable;

/**
 * The one exception of cis. The message says what happened, which peer, key or file, and what to do
 * next, in one line.
 */
public final class Fault extends RuntimeException {
  private final transient Code code;

  /** A fault without a further cause. */
  public Fault(Code code, String message) {
    this(code, message, null);
  }

  /** A fault that another exception led to. */
  public Fault(Code code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** The stable code. */
  public Code code() {
    return code;
  }

  /** The kind of the code. */
  public Kind kind() {
    return code.kind();
  }
}

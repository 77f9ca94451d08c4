package dev.cis.transport;

/**
 * Calls: one question, one answer.
 *
 * @param maxCalls calls under way with one peer, in each direction; default 1,024
 * @param maxCallHandlers handlers that work for one peer at one time, apart from those that never
 *     wait; further calls of it wait; default 64
 * @param maxCallBytes payload bytes of calls that are held for one peer, in each direction; default
 *     32 MiB
 * @param callInlineBytes longest payload that shares a stream with others; a longer one gets a
 *     stream of its own; default 16 KiB
 */
public record Calling(int maxCalls, int maxCallHandlers, int maxCallBytes, int callInlineBytes) {
  /** The defaults. */
  public static final Calling DEFAULT = new Calling(1024, 64, 32 << 20, 16 << 10);

  /** Checks every setting; the message names the key. */
  public Calling {
    Rule.check(maxCalls >= 1 && maxCalls <= 65_536, "max_calls", "is 1 to 65536");
    Rule.check(maxCallHandlers >= 1, "max_call_handlers", "is at least 1");
    Rule.check(maxCallBytes >= 1 << 20, "max_call_bytes", "is at least 1 MiB");
    Rule.check(
        callInlineBytes >= 256 && callInlineBytes <= 1 << 20,
        "call_inline_bytes",
        "is 256 bytes to 1 MiB");
  }
}

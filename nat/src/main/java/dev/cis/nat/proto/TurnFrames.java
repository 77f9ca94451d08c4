package dev.cis.nat.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Bytes;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Finds the messages in what a TURN server sends over TCP (RFC 8656 section 3.1, 12.5): STUN
 * messages and channel data, each telling its length, channel data padded to a multiple of four.
 * Keeps one message at most.
 */
public final class TurnFrames {
  private static final int MOST = 0xFFFF + 24;

  private byte[] rest = new byte[0];

  /**
   * Takes the next bytes, gives the messages that are complete with them, those too that come
   * before what is none.
   *
   * @throws Fault {@code kernel.malformed} if that is neither; the connection is of no use then
   */
  public void read(byte[] bytes, Consumer<Bytes> messages) {
    byte[] all = Arrays.copyOf(rest, rest.length + bytes.length);
    System.arraycopy(bytes, 0, all, rest.length, bytes.length);
    int at = 0;
    while (all.length - at >= TurnMessage.CHANNEL_HEAD) {
      int size = size(all, at);
      if (all.length - at < size) {
        break;
      }
      messages.accept(Bytes.of(Arrays.copyOfRange(all, at, at + size)));
      at += size;
    }
    rest = Arrays.copyOfRange(all, at, all.length);
    if (rest.length > MOST) {
      throw new Fault(KernelCode.MALFORMED, "a message that does not end");
    }
  }

  private static int size(byte[] bytes, int at) {
    int length = (bytes[at + 2] & 0xFF) << 8 | (bytes[at + 3] & 0xFF);
    return switch (bytes[at] & 0xC0) {
      case 0x00 -> StunMessage.HEADER_BYTES + length;
      case 0x40 -> (TurnMessage.CHANNEL_HEAD + length + 3) & ~3;
      default -> throw new Fault(KernelCode.MALFORMED, "neither STUN nor data on a channel");
    };
  }
}

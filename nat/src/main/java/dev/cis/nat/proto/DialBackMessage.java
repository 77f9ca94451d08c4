package dev.cis.nat.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.util.Arrays;
import java.util.Optional;

/** The messages of {@code /cis/sys/dialback/1.0}, and the datagram that comes of them. */
public final class DialBackMessage {
  /** Bytes of a nonce. */
  public static final int NONCE_BYTES = 16;

  /**
   * Fewest bytes of a question. It is more than the {@link #COPIES} datagrams have that it leads
   * to, headers included: whoever wants to make noise makes more by itself.
   */
  public static final int MIN_QUESTION = 256;

  /** Most bytes of a question and of an answer. */
  public static final int MAX_BYTES = 512;

  /** How often the datagram is sent, for datagrams get lost. */
  public static final int COPIES = 3;

  // Behind a nonce of 18 bytes with its head, a port of 2 to 4, and a head of 3.
  private static final int FILL = MIN_QUESTION - 18 - 2 - 3;

  private static final byte[] PROBE_MAGIC = {0x0C, 'c', 'i', 's', 'p', 'r', 'b', 1};
  private static final int PROBE_BYTES = PROBE_MAGIC.length + NONCE_BYTES;

  private DialBackMessage() {}

  /**
   * "Send that to this port of the address from which you see me."
   *
   * @param nonce 16 random bytes
   * @param port 1 to 65535
   */
  public record Question(Bytes nonce, int port) {
    /** Checks the parts. */
    public Question {
      if (nonce.size() != NONCE_BYTES || port < 1 || port > 65_535) {
        throw new Fault(KernelCode.MALFORMED, "a question for dial-back to port " + port);
      }
    }
  }

  /** What became of a question. */
  public enum Outcome {
    /** The datagram is on its way. */
    SENT(1),
    /** This peer or its network asked too often, or too many ask at the moment. */
    TOO_OFTEN(2),
    /** From here no datagram can be sent to such an address. */
    IMPOSSIBLE(3);

    private final int code;

    Outcome(int code) {
      this.code = code;
    }

    private static Outcome of(long code) {
      return Arrays.stream(values())
          .filter(outcome -> outcome.code == code)
          .findFirst()
          .orElseThrow(
              () -> new Fault(KernelCode.MALFORMED, "an answer of dial-back with outcome " + code));
    }
  }

  /**
   * The answer.
   *
   * @param seen the address and port to which the datagram goes, as text; the asker's own address
   *     as the answerer sees it
   */
  public record Answer(Outcome outcome, String seen) {}

  /** Questions are filled up with zeros to {@link #MIN_QUESTION}. */
  public static final Codec<Question> QUESTION =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Question question) {
          out.bytes(1, question.nonce.toByteArray()).uint(2, question.port);
          out.bytes(3, new byte[FILL]);
        }

        @Override
        public Question read(WireReader in) {
          var nonce = Bytes.EMPTY;
          int port = 0;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> nonce = Bytes.of(in.exactly(NONCE_BYTES));
              case 2 -> port = in.uint(65_535);
              default -> in.skip();
            }
          }
          return new Question(nonce, port);
        }
      };

  /** Answers. */
  public static final Codec<Answer> ANSWER =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Answer answer) {
          out.uint(1, answer.outcome.code).string(2, answer.seen);
        }

        @Override
        public Answer read(WireReader in) {
          long outcome = 0;
          var seen = "";
          while (in.next()) {
            switch (in.field()) {
              case 1 -> outcome = in.uint(255);
              case 2 -> seen = in.string(64);
              default -> in.skip();
            }
          }
          return new Answer(Outcome.of(outcome), seen);
        }
      };

  /** Whether the datagram is one that a question led to, and to which. */
  public static Optional<Bytes> nonce(byte[] datagram) {
    return datagram.length == PROBE_BYTES
            && Arrays.equals(PROBE_MAGIC, 0, PROBE_MAGIC.length, datagram, 0, PROBE_MAGIC.length)
        ? Optional.of(Bytes.of(Arrays.copyOfRange(datagram, PROBE_MAGIC.length, PROBE_BYTES)))
        : Optional.empty();
  }

  /** The datagram. */
  public static byte[] probe(Bytes nonce) {
    byte[] datagram = Arrays.copyOf(PROBE_MAGIC, PROBE_BYTES);
    System.arraycopy(nonce.toByteArray(), 0, datagram, PROBE_MAGIC.length, NONCE_BYTES);
    return datagram;
  }
}

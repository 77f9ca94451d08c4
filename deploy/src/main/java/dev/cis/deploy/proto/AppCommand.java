package dev.cis.deploy.proto;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An operator's word to one node, sent signed on {@code /cis/sys/deploy/1.0}. A node obeys a
 * publisher it trusts and its own key; it takes each nonce once.
 *
 * @param app about which application, at most 63 bytes
 * @param action what to do, or null to read its log
 * @param query which lines, null unless a log is to be read
 * @param target the only node that may obey
 * @param nonce 16 random bytes
 * @param expiry after this instant the command is void
 */
public record AppCommand(
    String app,
    @Nullable AppAction action,
    @Nullable LogQuery query,
    NodeId target,
    Bytes nonce,
    Instant expiry) {
  /** Length of the nonce in bytes. */
  public static final int NONCE_BYTES = 16;

  /** Signature domain. */
  public static final String DOMAIN = "cis-app-command/1";

  /** Largest encoding of the unsigned message in bytes. */
  public static final int MAX_BYTES = 2048;

  /** The unsigned message. */
  public static final Codec<AppCommand> CODEC = new CommandCodec();

  /** The signed message. */
  public static final Codec<Signed<AppCommand>> SIGNED = Signed.codec(DOMAIN, CODEC, MAX_BYTES);

  /** Largest encoding of the signed message in bytes. */
  public static final int MAX_SIGNED_BYTES = MAX_BYTES + 128;

  /** Checks the name, the nonce and that there is one thing to do. */
  public AppCommand {
    DeployOrder.checkApp(app);
    if (nonce.size() != NONCE_BYTES || (action == null) == (query == null)) {
      throw new IllegalArgumentException("a command has a nonce and one thing to do");
    }
  }

  /** Signs the command. */
  public Signed<AppCommand> sign(KeyPair signer) {
    return Signed.sign(signer, DOMAIN, CODEC, this);
  }

  /**
   * What a node answers: an empty code when it obeys.
   *
   * @param code the fault's code, empty if there is none
   * @param message in words
   */
  public record Answer(String code, String message) {
    /** Largest encoding in bytes. */
    public static final int MAX_BYTES = 4096;

    /** {@code message Answer { string code = 1; string message = 2; }}. */
    public static final Codec<Answer> CODEC =
        new Codec<>() {
          @Override
          public void write(WireWriter out, Answer answer) {
            out.string(1, answer.code).string(2, answer.message);
          }

          @Override
          public Answer read(WireReader in) {
            var code = "";
            var message = "";
            while (in.next()) {
              switch (in.field()) {
                case 1 -> code = in.string(64);
                case 2 -> message = in.string(3072);
                default -> in.skip();
              }
            }
            return new Answer(code, message);
          }
        };
  }
}

package dev.cis.transport;

import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message of {@code /cis/sys/identify/1.0}. After an {@link Introduction} in each direction the
 * dialler greets and the acceptor greets back; the stream stays open for the life of the link and
 * carries a greeting whenever a record changes, and an empty one as keepalive. See {@link Peers}
 * for nonce and voids.
 *
 * @param record the sender's own record
 * @param observed the receiver's address as the sender sees it, empty if unknown
 * @param nonce of a dialler's first greeting, never 0: names this attempt
 * @param voids of an acceptor's answer: the nonce of its own attempt, which must not count any more
 * @param refusal of an acceptor's answer: text of a code, empty if the link is accepted
 * @param reason words for the refusal
 * @param tags of a dialler's first greeting: one for each realm that it shares with the acceptor
 */
record Greeting(
    @Nullable Signed<PeerRecord> record,
    String observed,
    long nonce,
    long voids,
    String refusal,
    String reason,
    List<Bytes> tags) {
  static final int MAX_BYTES = PeerRecord.MAX_SIGNED_BYTES + Introduction.MAX_BYTES + 1024;
  static final ProtocolId PROTOCOL = ProtocolId.parse("/cis/sys/identify/1.0");

  /** Refusal of a link because another one to the same peer is there or wins. */
  static final String DUPLICATE = "duplicate";

  static final Greeting KEEP_ALIVE = new Greeting(null, "", 0, 0, "", "", List.of());

  static final Codec<Greeting> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Greeting greeting) {
          if (greeting.record != null) {
            out.message(1, PeerRecord.SIGNED, greeting.record);
          }
          out.string(2, greeting.observed)
              .uint(3, greeting.nonce)
              .uint(4, greeting.voids)
              .string(5, greeting.refusal)
              .string(6, greeting.reason);
          greeting.tags.forEach(tag -> out.element(7, tag.toByteArray()));
        }

        @Override
        public Greeting read(WireReader in) {
          Signed<PeerRecord> record = null;
          var observed = "";
          long nonce = 0;
          long voids = 0;
          var refusal = "";
          var reason = "";
          var tags = new ArrayList<Bytes>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> record = in.message(PeerRecord.SIGNED, PeerRecord.MAX_SIGNED_BYTES);
              case 2 -> observed = Address.parse(in.string(Address.MAX_TEXT)).toString();
              case 3 -> nonce = in.uint();
              case 4 -> voids = in.uint();
              case 5 -> refusal = in.string(64);
              case 6 -> reason = in.string(256);
              case 7 -> tags.add(Introduction.readTag(in, tags.size()));
              default -> in.skip();
            }
          }
          return new Greeting(record, observed, nonce, voids, refusal, reason, tags);
        }
      };

  Greeting {
    tags = List.copyOf(tags);
  }

  /** Only the tags of an encoded greeting; its other fields are passed over unread. */
  static List<Bytes> tags(byte[] encoded) {
    return WireReader.decoding(() -> {
      var tags = new ArrayList<Bytes>();
      var in = new WireReader(encoded);
      while (in.next()) {
        if (in.field() == 7) {
          tags.add(Introduction.readTag(in, tags.size()));
        }
      }
      return tags;
    });
  }

  static Greeting update(Signed<PeerRecord> record) {
    return new Greeting(record, "", 0, 0, "", "", List.of());
  }

  static Greeting refused(String code, String reason) {
    return new Greeting(null, "", 0, 0, code, Wording.cut(reason, 256), List.of());
  }
}

package dev.cis.transport;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * The first message of {@code /cis/sys/identify/1.0} in each direction, before either side says
 * anything of itself: see {@link RealmProof}.
 *
 * @param nonce 32 random bytes
 * @param tags of the acceptor; none from the dialler, which shows its own in its greeting
 */
record Introduction(Bytes nonce, List<Bytes> tags) {
  static final int MAX_BYTES =
      8 + RealmProof.NONCE_BYTES + Admission.MAX_SECRETS * (RealmProof.TAG_BYTES + 2);

  static final Codec<Introduction> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, Introduction message) {
          out.bytes(1, message.nonce.toByteArray());
          message.tags.forEach(tag -> out.element(2, tag.toByteArray()));
        }

        @Override
        public Introduction read(WireReader in) {
          var nonce = Bytes.EMPTY;
          var tags = new ArrayList<Bytes>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> nonce = Bytes.of(in.exactly(RealmProof.NONCE_BYTES));
              case 2 -> tags.add(readTag(in, tags.size()));
              default -> in.skip();
            }
          }
          if (nonce.isEmpty()) {
            throw new Fault(KernelCode.MALFORMED, "an introduction without a nonce");
          }
          return new Introduction(nonce, tags);
        }
      };

  Introduction {
    tags = List.copyOf(tags);
  }

  /** Reads one more tag after so many. */
  static Bytes readTag(WireReader in, int before) {
    if (before >= Admission.MAX_SECRETS) {
      throw new Fault(KernelCode.TOO_LARGE, "more than " + Admission.MAX_SECRETS + " tags");
    }
    return Bytes.of(in.exactly(RealmProof.TAG_BYTES));
  }
}

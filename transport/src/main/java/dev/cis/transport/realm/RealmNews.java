package dev.cis.transport.realm;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A message of {@code /cis/sys/realm/1.0}.
 *
 * @param states how far the sender knows the realms that the link has proved
 * @param documents that the receiver does not have
 * @param claims grants of admin for the receiver, the founder
 */
record RealmNews(
    List<State> states, List<Signed<RealmDocument>> documents, List<Signed<Grant>> claims) {
  static final int MAX_BYTES =
      Realms.MAX_REALMS * (RealmDocument.MAX_SIGNED_BYTES + Grant.MAX_SIGNED_BYTES + 128);

  private static final int DIGEST_BYTES = 8;

  /**
   * Which document of a realm the sender has.
   *
   * @param charter its charter's sequence
   * @param sequence its own
   * @param digest the first 8 bytes of SHA-256 over its payload; empty if there is none
   */
  record State(String realm, long charter, long sequence, Bytes digest) {
    static State of(String realm, Optional<Signed<RealmDocument>> document) {
      return document
          .map(d ->
              new State(
                  realm,
                  d.value().charter().value().sequence(),
                  d.value().sequence(),
                  digestOf(d.payload())))
          .orElse(new State(realm, 0, 0, Bytes.EMPTY));
    }

    private static Bytes digestOf(byte[] payload) {
      try {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(payload);
        return Bytes.of(Arrays.copyOf(digest, DIGEST_BYTES));
      } catch (NoSuchAlgorithmException e) {
        throw new Fault(KernelCode.DEFECT, "this Java has no SHA-256", e);
      }
    }

    /** Whether somebody with this document should be sent the one of the other state. */
    boolean lacks(State other) {
      if (charter != other.charter) {
        return charter < other.charter;
      }
      // Of two with the same sequence the receiver decides.
      return sequence < other.sequence
          || (sequence == other.sequence && !digest.equals(other.digest));
    }
  }

  private static final Codec<State> STATE =
      new Codec<>() {
        @Override
        public void write(WireWriter out, State state) {
          out.string(1, state.realm).uint(2, state.charter).uint(3, state.sequence);
          out.bytes(4, state.digest.toByteArray());
        }

        @Override
        public State read(WireReader in) {
          var realm = "";
          long charter = 0;
          long sequence = 0;
          var digest = Bytes.EMPTY;
          while (in.next()) {
            switch (in.field()) {
              case 1 -> realm = in.string(2 * Charter.ID_BYTES);
              case 2 -> charter = in.uint(Long.MAX_VALUE);
              case 3 -> sequence = in.uint(Long.MAX_VALUE);
              case 4 -> digest = Bytes.of(in.exactly(DIGEST_BYTES));
              default -> in.skip();
            }
          }
          return new State(realm, charter, sequence, digest);
        }
      };

  static final Codec<RealmNews> CODEC =
      new Codec<>() {
        @Override
        public void write(WireWriter out, RealmNews news) {
          out.messages(1, STATE, news.states);
          out.messages(2, RealmDocument.SIGNED, news.documents);
          out.messages(3, Grant.SIGNED, news.claims);
        }

        @Override
        public RealmNews read(WireReader in) {
          var states = new ArrayList<State>();
          var documents = new ArrayList<Signed<RealmDocument>>();
          var claims = new ArrayList<Signed<Grant>>();
          while (in.next()) {
            switch (in.field()) {
              case 1 -> bounded(states).add(in.message(STATE, 128));
              case 2 ->
                  bounded(documents)
                      .add(in.message(RealmDocument.SIGNED, RealmDocument.MAX_SIGNED_BYTES));
              case 3 -> bounded(claims).add(in.message(Grant.SIGNED, Grant.MAX_SIGNED_BYTES));
              default -> in.skip();
            }
          }
          return new RealmNews(states, documents, claims);
        }
      };

  RealmNews {
    states = List.copyOf(states);
    documents = List.copyOf(documents);
    claims = List.copyOf(claims);
  }

  private static <T> List<T> bounded(List<T> list) {
    if (list.size() >= Realms.MAX_REALMS) {
      throw new Fault(KernelCode.TOO_LARGE, "news of more than " + Realms.MAX_REALMS + " realms");
    }
    return list;
  }
}

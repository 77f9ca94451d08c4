package dev.cis.kernel.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class IdentityTest {
  private static final Codec<String> TEXT =
      new Codec<>() {
        @Override
        public void write(WireWriter out, String text) {
          out.string(1, text);
        }

        @Override
        public String read(WireReader in) {
          var text = "";
          while (in.next()) {
            text = in.field() == 1 ? in.string(100) : text;
          }
          return text;
        }
      };

  private final KeyPair key = KeyPair.generate(new Random(1));
  private final KeyPair other = KeyPair.generate(new Random(2));

  @Test
  void signaturesAreThoseOfRfc8032() {
    // Section 7.1, test 2.
    var hex = HexFormat.of();
    var pair =
        KeyPair.ofSeed(
            hex.parseHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    assertThat(pair.publicKey().toString())
        .isEqualTo("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    assertThat(hex.formatHex(pair.sign(new byte[] {0x72})))
        .isEqualTo(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  }

  @Property(tries = 200)
  void aNodeIdIsReadAsItIsWritten(@ForAll @Size(32) byte[] bytes) {
    var id = NodeId.of(bytes);
    assertThat(id.toString()).hasSize(NodeId.TEXT_LENGTH).matches("[a-z2-7]+");
    assertThat(NodeId.parse(id.toString())).isEqualTo(id).hasSameHashCodeAs(id);
  }

  @Test
  void oneNodeIdHasOneText() {
    var text = NodeId.of(new byte[32]).toString();
    assertThatThrownBy(() -> NodeId.parse(text.substring(0, 51) + "b")).isInstanceOf(Fault.class);
    assertThatThrownBy(() -> NodeId.parse(text.toUpperCase(java.util.Locale.ROOT)))
        .isInstanceOf(Fault.class);
    assertThatThrownBy(() -> NodeId.parse("\u001b[31mnot an id"))
        .hasMessageContaining("52 characters")
        .hasMessageNotContaining("\u001b");
  }

  @Test
  void idsAreOrderedAsUnsignedNumbers() {
    var high = new byte[32];
    high[0] = (byte) 0x80;
    assertThat(NodeId.of(high)).isGreaterThan(NodeId.of(new byte[32]));
  }

  @Test
  void aSignedMessageSurvivesTheWireAndNamesItsSigner() {
    var codec = Signed.codec("test/1", TEXT, 100);
    var read = codec.decode(codec.encode(Signed.sign(key, "test/1", TEXT, "hello")));
    assertThat(read.value()).isEqualTo("hello");
    assertThat(read.signer().nodeId()).isEqualTo(key.nodeId());
  }

  @Test
  void aSignatureOfAnotherDomainKeyOrPayloadIsRefused() {
    var codec = Signed.codec("test/1", TEXT, 100);
    byte[] elsewhere =
        Signed.codec("test/2", TEXT, 100).encode(Signed.sign(key, "test/2", TEXT, "hello"));
    assertRefused(codec, elsewhere);

    var good = Signed.sign(key, "test/1", TEXT, "hello");
    byte[] stolen =
        new WireWriter()
            .bytes(1, good.payload())
            .bytes(2, other.publicKey().bytes())
            .bytes(3, good.signature())
            .toByteArray();
    assertRefused(codec, stolen);

    byte[] tampered = codec.encode(good);
    tampered[5] ^= 1;
    assertRefused(codec, tampered);
  }

  @Test
  void aRememberedMessageIsNotCheckedAgainAndShieldsNoOther() {
    var codec = Signed.codec("test/1", TEXT, 100, 2);
    byte[] good = codec.encode(Signed.sign(key, "test/1", TEXT, "hello"));
    var first = codec.decode(good);
    assertThat(codec.decode(good)).isSameAs(first);
    for (int i = 0; i < good.length; i++) {
      byte[] changed = good.clone();
      changed[i] ^= 1;
      assertThatThrownBy(() -> codec.decode(changed)).isInstanceOf(Fault.class);
    }
    var stolen =
        new WireWriter()
            .bytes(1, first.payload())
            .bytes(2, other.publicKey().bytes())
            .bytes(3, first.signature())
            .toByteArray();
    assertRefused(codec, stolen);
    // Room for two: the least recently seen is forgotten.
    byte[] second = codec.encode(Signed.sign(key, "test/1", TEXT, "second"));
    var two = codec.decode(second);
    codec.decode(good);
    codec.decode(codec.encode(Signed.sign(key, "test/1", TEXT, "third")));
    assertThat(codec.decode(good)).isSameAs(first);
    assertThat(codec.decode(second)).isEqualTo(two).isNotSameAs(two);
  }

  @Test
  void aKeyThatIsNoPointOnTheCurveVerifiesNothing() {
    var bytes = new byte[32];
    java.util.Arrays.fill(bytes, (byte) 0xFF);
    assertThat(PublicKey.of(bytes).verifies(new byte[0], new byte[64])).isFalse();
    assertThat(key.publicKey().verifies(new byte[0], new byte[63])).isFalse();
  }

  @Test
  void aKeyPairNeverPrintsItsSecret() {
    var text = key.toString();
    assertThat(text).doesNotContain(HexFormat.of().formatHex(key.seed()));
    assertThat(KeyPair.ofSeed(key.seed()).publicKey()).isEqualTo(key.publicKey());
  }

  @Test
  void didsAreReadAndRefused() {
    var id = key.nodeId();
    assertThat(Did.parse("did:cis:" + id).isSelfCertifying()).isTrue();
    assertThat(Did.of(id)).hasToString("did:cis:" + id);
    assertThat(Did.parse("did:cis:node2").isSelfCertifying()).isFalse();
    for (var bad :
        new String[] {"did:web:x", "did:cis:", "did:cis:a b", "did:cis:" + "x".repeat(99)}) {
      assertThatThrownBy(() -> Did.parse(bad))
          .isInstanceOfSatisfying(
              Fault.class, fault -> assertThat(fault.code()).isEqualTo(KernelCode.BAD_IDENTITY));
    }
  }

  @Test
  void messagesCoverTheDomainAsTheProtocolSays() {
    // domain || 0x00 || payload, so that another implementation can check it.
    var signed = Signed.sign(key, "d", TEXT, "x");
    byte[] covered = "d\0\n\u0001x".getBytes(StandardCharsets.UTF_8);
    assertThat(key.publicKey().verifies(covered, signed.signature())).isTrue();
  }

  private static void assertRefused(Codec<Signed<String>> codec, byte[] bytes) {
    assertThatThrownBy(() -> codec.decode(bytes))
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).isEqualTo(KernelCode.BAD_SIGNATURE));
  }
}

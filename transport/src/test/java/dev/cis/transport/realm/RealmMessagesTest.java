package dev.cis.transport.realm;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.sim.Mutations;
import dev.cis.transport.PeerLocator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** The messages of realms: golden vectors, and what hostile bytes do to their decoders. */
class RealmMessagesTest {
  private static final KeyPair FOUNDER = KeyPair.ofSeed(new byte[32]);
  private static final NodeId ADMIN = NodeId.of(counted(32, 1).toByteArray());
  private static final Instant SOON = Instant.parse("2026-12-01T00:00:00Z");
  private static final Signed<Charter> CHARTER =
      new Charter("lab", counted(16, 0x20), 2, List.of(ADMIN)).sign(FOUNDER);
  private static final RealmKey KEY = new RealmKey(2, counted(32, 0x40), null, null);
  private static final Signed<RealmDocument> DOCUMENT =
      new RealmDocument(
              CHARTER,
              7,
              List.of(KEY, new RealmKey(1, counted(32, 0x60), SOON, SOON.minusSeconds(60))),
              List.of(NodeId.of(counted(32, 0x80).toByteArray())))
          .sign(FOUNDER);
  private static final Signed<Grant> GRANT =
      new Grant(Charter.realm(CHARTER), Role.ADMIN, SOON, counted(16, 0xA0)).sign(FOUNDER);
  private static final Invitation INVITATION =
      new Invitation(CHARTER, KEY, GRANT, List.of(PeerLocator.parse(ADMIN + "@192.0.2.7:7677")));
  private static final RealmNews NEWS =
      new RealmNews(
          List.of(RealmNews.State.of(Charter.realm(CHARTER), Optional.of(DOCUMENT))),
          List.of(DOCUMENT),
          List.of(GRANT));

  private static final Map<String, Codec<?>> CODECS =
      Map.of(
          "realm-charter", Charter.SIGNED,
          "realm-document", RealmDocument.SIGNED,
          "realm-grant", Grant.SIGNED,
          "realm-invitation", Invitation.CODEC,
          "realm-news", RealmNews.CODEC);

  private static Bytes counted(int size, int from) {
    var bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (from + i);
    }
    return Bytes.of(bytes);
  }

  private static Map<String, byte[]> vectors() {
    var vectors = new LinkedHashMap<String, byte[]>();
    vectors.put("realm-id", HexFormat.of().parseHex(Charter.realm(CHARTER)));
    vectors.put("realm-charter", Charter.SIGNED.encode(CHARTER));
    vectors.put("realm-document", RealmDocument.SIGNED.encode(DOCUMENT));
    vectors.put("realm-grant", Grant.SIGNED.encode(GRANT));
    vectors.put("realm-invitation", Invitation.CODEC.encode(INVITATION));
    vectors.put("realm-news", RealmNews.CODEC.encode(NEWS));
    return vectors;
  }

  @Test
  void messagesHaveTheBytesOfTheReference() throws IOException {
    var file = Path.of(System.getProperty("cis.root"), "docs/reference/vectors/realm.txt");
    var expected = new LinkedHashMap<String, String>();
    for (var line : Files.readAllLines(file)) {
      if (!line.startsWith("#") && !line.isBlank()) {
        var parts = line.split(" ", 2);
        expected.put(parts[0], parts[1]);
      }
    }
    var actual = new LinkedHashMap<String, String>();
    vectors().forEach((name, bytes) -> actual.put(name, HexFormat.of().formatHex(bytes)));
    actual.put("invitation-text", INVITATION.text());
    assertThat(actual).isEqualTo(expected);
  }

  @Test
  void messagesSurviveTheWayThereAndBack() {
    CODECS.forEach((name, codec) -> {
      byte[] bytes = requireNonNull(vectors().get(name));
      assertThat(again(codec, bytes)).as(name).isEqualTo(bytes);
    });
    assertThat(Invitation.parse(INVITATION.text())).isEqualTo(INVITATION);
  }

  private static <T> byte[] again(Codec<T> codec, byte[] bytes) {
    return codec.encode(codec.decode(bytes));
  }

  @Test
  void secretsAreNotPrinted() {
    var key = KEY.key().hex();
    for (var text :
        List.of(KEY.toString(), INVITATION.toString(), DOCUMENT.toString(), NEWS.toString())) {
      assertThat(text).doesNotContain(key.substring(0, 16));
    }
  }

  @Property(tries = 2000)
  void noiseIsReadOrRefused(@ForAll @Size(max = 300) byte[] noise) {
    CODECS.values().forEach(codec -> readOrRefused(() -> codec.decode(noise)));
    readOrRefused(() -> RealmFile.CODEC.decode(noise));
  }

  @Property(tries = 2000)
  void anyTextIsAnInvitationOrRefused(@ForAll String text) {
    readOrRefused(() -> Invitation.parse(text));
    readOrRefused(() -> Invitation.parse("cis-invite-1." + text));
  }

  @Test
  void decodersReadOrRefuseHundredsOfThousandsOfMutations() {
    var membership = new Membership(CHARTER);
    membership.document = DOCUMENT;
    membership.claim = GRANT;
    var met = NodeId.of(counted(32, 0xC0).toByteArray());
    assertThat(membership.met(met, 1, SOON)).isTrue();
    var content =
        new RealmFile.Content(
            membership.realm(),
            true,
            List.of(membership),
            new AccessLists.Said(Set.of(met), Set.of(NodeId.of(new byte[NodeId.BYTES]))));
    var inner = new ArrayList<byte[]>();
    inner.add(Charter.CODEC.encode(CHARTER.value()));
    inner.add(RealmKey.CODEC.encode(KEY));
    inner.add(Grant.CODEC.encode(GRANT.value()));
    var fast = List.of(Charter.CODEC, RealmKey.CODEC, Grant.CODEC);
    var outcome = Mutations.of(inner, 21).decode(300_000, Duration.ofSeconds(3), fast);
    assertThat(outcome.read()).isPositive();
    // These verify signatures, which takes its time.
    var whole = new ArrayList<>(vectors().values());
    whole.add(RealmDocument.CODEC.encode(DOCUMENT.value()));
    whole.add(RealmFile.CODEC.encode(content));
    var signed =
        List.of(
            RealmDocument.CODEC,
            RealmDocument.SIGNED,
            Charter.SIGNED,
            Grant.SIGNED,
            Invitation.CODEC,
            RealmNews.CODEC,
            RealmFile.CODEC);
    outcome = Mutations.of(whole, 22).decode(100_000, Duration.ofSeconds(3), signed);
    assertThat(outcome.read()).isPositive();
  }

  private static void readOrRefused(Runnable decoder) {
    try {
      decoder.run();
    } catch (Fault e) {
      // refused
    }
  }
}

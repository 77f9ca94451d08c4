package dev.cis.transport.realm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.transport.Admission.Secret;
import dev.cis.transport.PeerLocator;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RealmsTest {
  private static final Duration DAY = Duration.ofDays(1);

  private final SecureRandom random = new SecureRandom();
  private Instant now = Instant.parse("2026-11-21T12:00:00Z");

  @TempDir Path directory;

  private KeyPair key() {
    return KeyPair.generate(random);
  }

  private Realms realms(KeyPair key) {
    return Realms.inMemory(key, AccessConfig.DEFAULT, () -> now);
  }

  private static void assertFault(ThrowingCallable call, RealmCode code) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            Fault.class, fault -> assertThat(fault.code()).as(fault.getMessage()).isEqualTo(code));
  }

  /** The second takes what the first knows, as if over a proved link. */
  private boolean tell(Realms from, Realms to, String realm) {
    return to.adopt(document(from, realm));
  }

  /** What anybody gets who was not shut out. */
  private Signed<RealmDocument> document(Realms realms, String realm) {
    return realms.documentFor(key().nodeId(), realm).orElseThrow();
  }

  private static Invitation invite(Realms realms) {
    return realms.invite("", Role.MEMBER, DAY, List.of());
  }

  /** Whether the two would recognise each other on a new link. */
  private static boolean shareSecret(Realms a, NodeId aId, Realms b, NodeId bId) {
    return a.secrets(bId).stream().anyMatch(b.secrets(aId)::contains);
  }

  @Test
  void aNodeIsInNoRealmUntilItMakesOrJoinsOne() {
    var realms = realms(key());
    assertThat(realms.isEmpty()).isTrue();
    assertThat(realms.secrets(key().nodeId())).isEmpty();
    var made = realms.create("lab");
    assertThat(made.home()).isTrue();
    assertThat(made.role()).isEqualTo(Role.FOUNDER);
    assertThat(made.id()).matches("[0-9a-f]{32}");
    assertThat(realms.home()).isEqualTo(made.id());
    assertThat(realms.secrets(key().nodeId())).hasSize(1);
    assertFault(() -> realms.create("lab"), RealmCode.EXISTS);
    assertFault(() -> realms.create("no spaces"), RealmCode.BAD_NAME);
    assertFault(() -> realms.create(""), RealmCode.BAD_NAME);
  }

  @Test
  void theOpenRealmIsThereOnlyWhenAskedFor() {
    var realms = realms(key());
    realms.enterOpenRealm();
    assertThat(realms.home()).isEmpty();
    assertThat(realms.secrets(key().nodeId())).extracting(Secret::realm).containsExactly("");
    assertThat(realms.still(key().nodeId(), Set.of(""))).containsExactly("");
    assertFault(() -> realms.rotate("", DAY), RealmCode.UNKNOWN);
    assertThat(realms(key()).still(key().nodeId(), Set.of(""))).isEmpty();
  }

  @Test
  void anInvitationBringsRealmKeyAndAddresses() {
    var founder = realms(key());
    var lab = founder.create("lab");
    var anchor = PeerLocator.parse(key().nodeId() + "@192.0.2.1:7677");
    var text = founder.invite("lab", Role.MEMBER, DAY, List.of(anchor)).text();
    assertThat(text).matches("cis-invite-1\\.[A-Za-z0-9_-]+");

    var guest = realms(key());
    var joined = guest.join(Invitation.parse("  " + text + "\n"), false);
    assertThat(joined).isEqualTo(new Realms.Joined(lab.id(), "lab", Role.MEMBER, true, false));
    assertThat(guest.anchors()).containsExactly(anchor);
    assertThat(guest.secrets(key().nodeId())).isEqualTo(founder.secrets(key().nodeId()));
    assertThat(guest.join(Invitation.parse(text), false).renewed()).isTrue();
  }

  @Test
  void badInvitationsAreRefused() {
    var founder = realms(key());
    founder.create("lab");
    var text = invite(founder).text();
    for (int cut = 0; cut < text.length(); cut += 7) {
      var part = text.substring(0, cut);
      assertFault(() -> Invitation.parse(part), RealmCode.BAD_INVITATION);
    }
    for (int at = 13; at < text.length(); at += 5) {
      var wrong = new StringBuilder(text);
      wrong.setCharAt(at, text.charAt(at) == 'A' ? 'B' : 'A');
      assertFault(() -> Invitation.parse(wrong.toString()), RealmCode.BAD_INVITATION);
    }
    assertFault(() -> Invitation.parse(text + "é"), RealmCode.BAD_INVITATION);
    assertFault(
        () -> Invitation.parse(text.replace("cis-invite-1.", "cis-invite-2.")),
        RealmCode.INVITATION_VERSION);
    assertFault(() -> Invitation.parse("x".repeat(100_000)), RealmCode.BAD_INVITATION);

    now = now.plus(DAY);
    assertFault(
        () -> realms(key()).join(Invitation.parse(text), false), RealmCode.INVITATION_EXPIRED);
  }

  @Test
  void onlyAdminsInviteRotateAndRevoke() {
    var founder = realms(key());
    founder.create("lab");
    var memberKey = key();
    var member = realms(memberKey);
    member.join(invite(founder), false);
    tell(founder, member, founder.home());
    assertFault(() -> invite(member), RealmCode.NOT_ADMIN);
    assertFault(() -> member.rotate("", DAY), RealmCode.NOT_ADMIN);
    assertFault(() -> member.revoke("", key().nodeId(), DAY), RealmCode.NOT_ADMIN);
  }

  @Test
  void aGrantOfAdminIsTakenOnceAndTheFounderStaysAboveAdmins() {
    var founderKey = key();
    var founder = realms(founderKey);
    var realm = founder.create("lab").id();
    var adminKey = key();
    var admin = realms(adminKey);
    var invitation = founder.invite("", Role.ADMIN, DAY, List.of());
    admin.join(invitation, false);
    assertFault(() -> admin.rotate("", DAY), RealmCode.NOT_ADMIN);
    var claim = admin.claim(realm, founderKey.nodeId()).orElseThrow();
    assertThat(admin.claim(realm, key().nodeId())).isEmpty();
    assertThat(founder.appoint(adminKey.nodeId(), claim)).isTrue();
    assertThat(founder.appoint(key().nodeId(), claim)).as("a second taker").isFalse();
    assertThat(tell(founder, admin, realm)).isTrue();
    assertThat(admin.view("").role()).isEqualTo(Role.ADMIN);
    assertThat(admin.claim(realm, founderKey.nodeId())).isEmpty();

    // An admin rotates, revokes and invites members, but makes no admins and revokes none.
    admin.rotate("", DAY);
    assertThat(tell(admin, founder, realm)).isTrue();
    assertFault(() -> admin.invite("", Role.ADMIN, DAY, List.of()), RealmCode.NOT_ADMIN);
    assertFault(() -> admin.revoke("", founderKey.nodeId(), DAY), RealmCode.CANNOT_REVOKE);
    assertFault(() -> founder.revoke("", founderKey.nodeId(), DAY), RealmCode.CANNOT_REVOKE);
    var mallory = realms(key());
    mallory.join(admin.invite("", Role.MEMBER, DAY, List.of()), false);

    // The founder revokes the admin, whose further documents nobody takes.
    founder.revoke("", adminKey.nodeId(), DAY);
    admin.rotate("", DAY);
    admin.rotate("", DAY);
    assertThat(tell(admin, founder, realm)).isFalse();
    assertThat(tell(founder, mallory, realm)).isTrue();
    assertThat(tell(admin, mallory, realm)).isFalse();
  }

  @Test
  void aDocumentOfANonAdminOrAnotherRealmIsNotBelieved() {
    var founderKey = key();
    var founder = realms(founderKey);
    founder.create("lab");
    var document = document(founder, founder.home()).value();
    assertFault(() -> document.sign(key()), RealmCode.BAD_DOCUMENT);

    // The same name and salt by another founder is another realm.
    var thief = key();
    var charter = document.charter().value().sign(thief);
    assertThat(Charter.realm(charter)).isNotEqualTo(founder.home());
    var stolen = new RealmDocument(charter, 99, document.keys(), List.of()).sign(thief);
    assertThat(founder.adopt(stolen)).isFalse();
  }

  @Test
  void anOlderKeyIsGoodUntilItIsDropped() {
    var founderKey = key();
    var founder = realms(founderKey);
    var realm = founder.create("lab").id();
    var offlineKey = key();
    var offline = realms(offlineKey);
    var firstInvitation = invite(founder);
    offline.join(firstInvitation, false);

    founder.rotate("", Duration.ofHours(2));
    now = now.plus(Duration.ofHours(1));
    assertThat(shareSecret(founder, founderKey.nodeId(), offline, offlineKey.nodeId())).isTrue();
    // The newest key comes with the document; whoever comes back later has the old one only.
    var missed = realms(offlineKey);
    missed.join(firstInvitation, false);
    assertThat(tell(founder, offline, realm)).isTrue();
    assertThat(offline.view("").keys()).extracting(RealmKey::epoch).containsExactly(2L, 1L);

    now = now.plus(Duration.ofHours(1));
    assertThat(founder.secrets(offlineKey.nodeId())).hasSize(1);
    assertThat(shareSecret(founder, founderKey.nodeId(), offline, offlineKey.nodeId())).isTrue();
    assertThat(shareSecret(founder, founderKey.nodeId(), missed, offlineKey.nodeId())).isFalse();
    // A new invitation brings it back.
    assertThat(missed.join(invite(founder), false).renewed()).isTrue();
    assertThat(shareSecret(founder, founderKey.nodeId(), missed, offlineKey.nodeId())).isTrue();
  }

  @Test
  void aRevokedNodeIsOutAndCannotComeBackUnderAnotherName() {
    var founderKey = key();
    var founder = realms(founderKey);
    var realm = founder.create("lab").id();
    var loyal = key();
    var mallory = key();
    var oldKey = founder.secrets(loyal.nodeId()).getFirst();
    founder.proved(loyal.nodeId(), List.of(oldKey));
    founder.proved(mallory.nodeId(), List.of(oldKey));
    now = now.plusSeconds(60);

    founder.revoke("lab", mallory.nodeId(), DAY);
    assertThat(founder.still(mallory.nodeId(), Set.of(realm))).isEmpty();
    assertThat(founder.admitsAuthor(mallory.nodeId())).isFalse();
    assertThat(founder.secrets(mallory.nodeId())).isEmpty();
    // The old key is good for who was known before, for nobody else.
    assertThat(founder.secrets(loyal.nodeId())).contains(oldKey).hasSize(2);
    assertThat(founder.still(loyal.nodeId(), Set.of(realm))).containsExactly(realm);
    assertThat(founder.secrets(key().nodeId())).doesNotContain(oldKey).hasSize(1);
    now = now.plus(DAY);
    assertThat(founder.secrets(loyal.nodeId())).doesNotContain(oldKey);
  }

  @Test
  void whoCameByASuspectKeyWhileTheNewsWereUnderWayIsCutOff() {
    var founder = realms(key());
    var realm = founder.create("lab").id();
    var bob = realms(key());
    bob.join(invite(founder), false);
    var oldKey = bob.secrets(key().nodeId()).getFirst();
    var alice = key().nodeId();
    bob.proved(alice, List.of(oldKey));
    now = now.plusSeconds(60);
    founder.revoke("", key().nodeId(), DAY);
    now = now.plusSeconds(60);
    var second = key().nodeId(); // the revoked one's other name, perhaps
    bob.proved(second, List.of(oldKey));
    assertThat(bob.still(second, Set.of(realm))).containsExactly(realm);
    assertThat(tell(founder, bob, realm)).isTrue();
    assertThat(bob.still(second, Set.of(realm))).isEmpty();
    assertThat(bob.still(alice, Set.of(realm))).containsExactly(realm);
    assertThat(bob.secrets(second)).doesNotContain(oldKey);
  }

  @Test
  void ofTwoAdminsAtOnceOneWinsEverywhereAndNoRevocationIsLost() {
    var founderKey = key();
    var founder = realms(founderKey);
    var realm = founder.create("lab").id();
    var adminKey = key();
    var admin = realms(adminKey);
    admin.join(founder.invite("", Role.ADMIN, DAY, List.of()), false);
    assertThat(
            founder.appoint(
                adminKey.nodeId(), admin.claim(realm, founderKey.nodeId()).orElseThrow()))
        .isTrue();
    tell(founder, admin, realm);

    var one = key().nodeId();
    var two = key().nodeId();
    founder.revoke("", one, DAY);
    admin.revoke("", two, DAY);
    for (int round = 0; round < 4; round++) {
      tell(founder, admin, realm);
      tell(admin, founder, realm);
    }
    assertThat(document(founder, realm)).isEqualTo(document(admin, realm));
    assertThat(document(founder, realm).value().revoked()).containsExactlyInAnyOrder(one, two);
  }

  @Test
  void olderDocumentsAreNoNews() {
    var founder = realms(key());
    var realm = founder.create("lab").id();
    var first = document(founder, realm);
    founder.rotate("", DAY);
    var second = document(founder, realm);
    var member = realms(key());
    member.join(invite(founder), false);
    assertThat(member.adopt(second)).isTrue();
    assertThat(member.adopt(second)).isFalse();
    assertThat(member.adopt(first)).isFalse();
  }

  @Test
  void joiningMovesHomeOnlyFromARealmThatNobodyElseWasIn() {
    var founder = realms(key());
    var lab = founder.create("lab").id();

    var fresh = realms(key());
    fresh.create("mine");
    assertThat(fresh.join(invite(founder), false).home()).isTrue();
    assertThat(fresh.home()).isEqualTo(lab);

    var settled = realms(key());
    var mine = settled.create("mine").id();
    var friend = key().nodeId();
    settled.proved(friend, settled.secrets(friend));
    assertThat(settled.join(invite(founder), false).home()).isFalse();
    assertThat(settled.home()).isEqualTo(mine);
    assertThat(settled.join(invite(founder), true).home()).isTrue();
    assertThat(settled.list()).extracting(Realms.View::name).containsExactly("lab", "mine");
  }

  @Test
  void aNodeIsInAFewRealmsAtMost() {
    var realms = realms(key());
    for (int i = 0; i < Realms.MAX_REALMS; i++) {
      realms.create("realm" + i);
    }
    assertFault(() -> realms.create("more"), RealmCode.TOO_MANY);
    var other = realms(key());
    other.create("lab");
    assertFault(() -> realms.join(invite(other), false), RealmCode.TOO_MANY);
  }

  @Test
  void denyWinsOverAllow() {
    var good = key().nodeId();
    var bad = key().nodeId();
    var other = key().nodeId();
    var config =
        new AccessConfig(List.of(good.toString(), "did:cis:" + bad), List.of(bad.toString()));
    var realms = Realms.inMemory(key(), config, () -> now);
    realms.create("lab");
    assertThat(realms.admits(good)).isTrue();
    assertThat(realms.admits(bad)).isFalse();
    assertThat(realms.admits(other)).isFalse();
    assertThat(realms.admitsAuthor(good)).isTrue();
    assertThat(realms.admitsAuthor(bad)).isFalse();
    assertFault(() -> new AccessConfig(List.of("alice"), List.of()), RealmCode.BAD_ACCESS);
  }

  @Test
  void whomTheOperatorDeniesIsOutUntilItIsAllowedAgain() throws Exception {
    var bob = key().nodeId();
    var carol = key().nodeId();
    var dave = key().nodeId();
    var key = key();
    var file = directory.resolve("realms");
    var config = new AccessConfig(List.of(), List.of(dave.toString()));
    var realms = Realms.open(file, key, config);
    assertFault(() -> realms.deny(bob), RealmCode.UNKNOWN);
    realms.create("lab");
    var told = new AtomicInteger();
    try (var _ = realms.watch(told::incrementAndGet)) {
      realms.deny(bob);
      assertThat(told).hasValue(1);
    }
    assertThat(realms.admits(bob)).isFalse();
    assertThat(realms.admitsAuthor(bob)).isFalse();
    assertThat(realms.admits(carol)).isTrue();
    assertFault(() -> realms.deny(key.nodeId()), RealmCode.BAD_ACCESS);
    assertFault(() -> realms.allow(dave, false), RealmCode.BAD_ACCESS);

    var again = Realms.open(file, key, config);
    assertThat(again.admits(bob)).as("it is kept").isFalse();
    again.allow(bob, false);
    assertThat(again.admits(bob)).isTrue();
    assertThat(again.admits(carol)).as("one word of allow shuts nobody out").isTrue();
    again.allow(bob, true);
    assertThat(again.admits(carol)).isFalse();
    again.allow(carol, false);
    assertThat(again.admits(carol)).isTrue();
    again.deny(bob);
    assertThat(again.admits(bob)).as("deny wins").isFalse();
    assertThat(Realms.open(file, key, config).access())
        .extracting(Realms.Access::node, Realms.Access::allowed, Realms.Access::configured)
        .containsExactlyInAnyOrder(
            tuple(bob, true, false),
            tuple(carol, true, false),
            tuple(bob, false, false),
            tuple(dave, false, true));
    again.allowEveryone();
    assertThat(again.admits(key().nodeId())).isTrue();
    assertThat(again.admits(bob)).isFalse();
    var listed = new AccessConfig(List.of(carol.toString()), List.of());
    assertFault(() -> Realms.open(file, key, listed).allowEveryone(), RealmCode.BAD_ACCESS);
  }

  @Test
  void theListOfDeniedNodesIsBounded() {
    var realms = realms(key());
    realms.create("lab");
    for (int i = 0; i < AccessLists.MOST; i++) {
      realms.deny(node(i));
    }
    assertFault(() -> realms.deny(node(AccessLists.MOST)), RealmCode.TOO_MANY);
    realms.allow(node(0), false);
    realms.deny(node(AccessLists.MOST));
    assertThat(realms.access()).hasSize(AccessLists.MOST);
  }

  private static NodeId node(int number) {
    return NodeId.of(ByteBuffer.allocate(NodeId.BYTES).putInt(number).array());
  }

  @Test
  void whoLeavesARealmForgetsItsKeysAndKeepsAHome() {
    var founder = key();
    var lab = realms(founder);
    lab.create("lab");
    var invitation = invite(lab);
    var id = key();
    var file = directory.resolve("realms");
    var realms = Realms.open(file, id, AccessConfig.DEFAULT);
    realms.create("own");
    assertFault(() -> realms.leave("own", ""), RealmCode.CANNOT_LEAVE);
    var _ = realms.join(invitation, true);
    assertThat(shareSecret(realms, id.nodeId(), lab, founder.nodeId())).isTrue();
    assertFault(() -> realms.leave("lab", ""), RealmCode.CANNOT_LEAVE);
    assertFault(() -> realms.leave("lab", "lab"), RealmCode.CANNOT_LEAVE);
    assertFault(() -> realms.leave("nowhere", ""), RealmCode.UNKNOWN);
    assertFault(() -> realms.leave("open", ""), RealmCode.UNKNOWN);
    assertThat(realms.leave("lab", "own").name()).isEqualTo("lab");
    for (var each : List.of(realms, Realms.open(file, id, AccessConfig.DEFAULT))) {
      assertThat(each.list()).extracting(Realms.View::name).containsExactly("own");
      assertThat(each.home()).isEqualTo(each.list().getFirst().id());
      assertThat(shareSecret(each, id.nodeId(), lab, founder.nodeId())).isFalse();
    }
    realms.enterOpenRealm();
    assertThat(realms.leave("own", "open").name()).isEqualTo("own");
    assertThat(realms.home()).isEmpty();
    var _ = realms.join(invitation, true);
    assertThat(realms.leave("open", "").name()).isEqualTo("open");
    assertThat(realms.list()).extracting(Realms.View::name).containsExactly("lab");
  }

  @Test
  void theFileKeepsEverythingAndIsForItsOwnerOnly() throws Exception {
    var file = directory.resolve("realms");
    var key = key();
    var realms = Realms.open(file, key, AccessConfig.DEFAULT);
    var lab = realms.create("lab");
    realms.enterOpenRealm();
    var friend = key().nodeId();
    realms.proved(friend, realms.secrets(friend));
    realms.flush();
    realms.rotate("lab", DAY);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (var files = Files.list(directory)) {
      assertThat(files).as("no draft is left").containsExactly(file);
    }

    var again = Realms.open(file, key, AccessConfig.DEFAULT);
    assertThat(again.list()).isEqualTo(realms.list());
    assertThat(again.home()).isEqualTo(lab.id());
    assertThat(again.view("lab").met()).containsExactly(friend);

    byte[] bytes = Files.readAllBytes(file);
    for (int at = 0; at < bytes.length; at += 11) {
      byte[] damaged = bytes.clone();
      damaged[at] ^= 1;
      Files.write(file, damaged);
      assertFault(() -> Realms.open(file, key, AccessConfig.DEFAULT), RealmCode.CORRUPT);
    }
    Files.write(file, java.util.Arrays.copyOf(bytes, 20));
    assertFault(() -> Realms.open(file, key, AccessConfig.DEFAULT), RealmCode.CORRUPT);
    Files.write(file, bytes);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertFault(() -> Realms.open(file, key, AccessConfig.DEFAULT), RealmCode.INSECURE_FILE);
  }
}

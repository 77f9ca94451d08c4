package dev.cis.transport;

import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.transport.Admission.Secret;
import dev.cis.transport.Admission.Strangers;
import java.util.List;
import java.util.stream.Stream;

/**
 * The realm of anchors beside the realms of a node: an open anchor shows it to everybody who dials,
 * and whoever makes use of anchors recognises it in those that it dials. Nobody else is met in it.
 */
final class AnchorSecrets {
  /** The key of {@link Admission#ANCHOR_REALM}: these 32 bytes of ASCII. */
  static final Secret ANCHOR =
      new Secret(Admission.ANCHOR_REALM, Bytes.utf8("cis-anchor/1: this key is public"));

  private AnchorSecrets() {}

  /** The secrets that are shown to a peer that dialled us. */
  static List<Secret> asAcceptor(Admission admission, NodeId peer) {
    var secrets = admission.secrets(peer);
    return admission.strangers() == Strangers.SERVED ? withAnchor(secrets) : secrets;
  }

  /** The secrets that are looked for with a peer that we dialled. */
  static List<Secret> asDialler(Admission admission, NodeId peer) {
    var secrets = admission.secrets(peer);
    return admission.usesAnchors() ? withAnchor(secrets) : secrets;
  }

  private static List<Secret> withAnchor(List<Secret> secrets) {
    return Stream.concat(Stream.of(ANCHOR), secrets.stream()).limit(Admission.MAX_SECRETS).toList();
  }
}

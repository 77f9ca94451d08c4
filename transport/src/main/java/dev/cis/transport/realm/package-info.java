/**
 * Realms: who belongs together, and who decides that.
 *
 * <p>A realm is an id, a name and a ring of keys. Whoever has a key proves it on every new link
 * ({@code dev.cis.transport.RealmProof}) and is a member; a node may be in several realms, and the
 * first one is where it shares memory and hears of others. The id is a hash over the founder's
 * public key, so that everybody who has the id knows whose word counts: the founder signs a {@link
 * dev.cis.transport.realm.Charter} that names the admins, and each of those may sign the {@link
 * dev.cis.transport.realm.RealmDocument} with the keys and the revoked nodes. Documents travel from
 * member to member ({@code /cis/sys/realm/1.0}); the higher charter and then the higher sequence
 * wins.
 *
 * <p>New members come by an {@link dev.cis.transport.realm.Invitation}, which is a secret: it holds
 * the key. Keys are rotated without a flag day, for the ones before stay good for a while. When a
 * node is revoked, the keys that it knew turn suspect: they are good only for nodes that were known
 * before, so the revoked one cannot come back under a new name.
 *
 * <p>{@link dev.cis.transport.realm.Realms} holds all of it, durably, and is the {@link
 * dev.cis.transport.Admission} of a node.
 */
@NullMarked
package dev.cis.transport.realm;

import org.jspecify.annotations.NullMarked;

/**
 * The keys of publishers: who may put an application on a node.
 *
 * <p>A publisher signs packages and deployment orders with a {@link
 * dev.cis.deploy.trust.PublisherKey}, kept by {@link dev.cis.deploy.trust.PublisherKeys} in {@code
 * <home>/keys/<name>.key} (PKCS#8 PEM, mode 0600). Every node decides for itself whom it believes:
 * {@link dev.cis.deploy.trust.Publishers} reads the public keys in {@code
 * <home>/trusted/<name>.pub}, each a SubjectPublicKeyInfo PEM or, for Ed25519, 64 hexadecimal
 * digits. Both formats are what openssl reads and writes.
 *
 * <p>A key is named by its id: for Ed25519 the raw key in hexadecimal, for RSA the SHA-256 of its
 * SubjectPublicKeyInfo in hexadecimal.
 */
@NullMarked
package dev.cis.deploy.trust;

import org.jspecify.annotations.NullMarked;

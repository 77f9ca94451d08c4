package dev.cis.node;

import dev.cis.deploy.trust.PublisherKeys;
import dev.cis.deploy.trust.TrustCode;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.identity.KeyPair;
import org.jspecify.annotations.Nullable;

/** The publisher keys of a data directory, as signers of orders. */
public final class Signers {
  private final PublisherKeys keys;

  /** The keys in {@code keys/}. */
  public Signers(Home home) {
    this.keys = new PublisherKeys(home.keys());
  }

  /** The name of the key meant: the one given, or the only one there is. */
  public String name(@Nullable String name) {
    if (name != null) {
      return name;
    }
    var all = keys.list();
    if (all.size() == 1) {
      return all.getFirst().name();
    }
    throw new Fault(
        TrustCode.NO_KEY,
        all.isEmpty()
            ? "there is no publisher key: make one with 'cis keys generate NAME'"
            : "which publisher key? choose one with --key: "
                + String.join(", ", all.stream().map(PublisherKeys.Named::name).toList()));
  }

  /** The key that signs orders; an Ed25519 one. */
  public KeyPair publisher(@Nullable String name) {
    var chosen = name(name);
    return keys.open(chosen)
        .keyPair()
        .orElseThrow(() ->
            new Fault(
                TrustCode.BAD_KEY,
                "the key '"
                    + chosen
                    + "' is RSA, which signs packages but not orders: choose"
                    + " an Ed25519 key with --key"));
  }
}

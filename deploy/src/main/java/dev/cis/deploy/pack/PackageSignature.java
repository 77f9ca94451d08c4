package dev.cis.deploy.pack;

import dev.cis.deploy.trust.KeyType;
import dev.cis.deploy.trust.Publishers.Publisher;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.WireWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What stands in {@code app.tar.gz.sig}: a bare signature of 64, 256 or 512 bytes as source 001 and
 * openssl make it, or cis's own JSON envelope, which has never one of those lengths.
 */
public sealed interface PackageSignature {
  /** Largest signature file in bytes. */
  int MAX_BYTES = 16 * 1024;

  /** Most signatures of one package. */
  int MAX_SIGNATURES = 16;

  /** Begins what a signature of the envelope covers. */
  String DOMAIN = "cis-package/1";

  /**
   * What the signers of an envelope say.
   *
   * @param digest SHA-256 of {@code app.tar.gz}
   * @param name of the application, as in its manifest
   * @param version as in its manifest
   * @param sequence grows with every signing of this application; protects against downgrades
   * @param createdAt when it was signed, to the second
   * @param expires from then on the signatures are void; empty for never
   */
  record Statement(
      Bytes digest,
      String name,
      String version,
      long sequence,
      Instant createdAt,
      Optional<Instant> expires) {

    /**
     * The bytes that a signature covers: domain, 0x00, then in the protocol buffers wire format 1
     * digest, 2 name, 3 version, 4 sequence, 5 created_at and 6 expires in milliseconds since 1970,
     * 7 the algorithm, 8 the id of the signing key.
     */
    byte[] covered(String algorithm, String keyId) {
      return new WireWriter()
          .raw(DOMAIN.getBytes(StandardCharsets.US_ASCII))
          .raw(new byte[1])
          .bytes(1, digest.toByteArray())
          .string(2, name)
          .string(3, version)
          .uint(4, sequence)
          .uint(5, createdAt.toEpochMilli())
          .uint(6, expires.map(Instant::toEpochMilli).orElse(0L))
          .string(7, algorithm)
          .string(8, keyId)
          .toByteArray();
    }
  }

  /**
   * One signature of an envelope.
   *
   * @param algorithm {@code ed25519} or {@code rsa-pss-sha256}
   * @param keyId id of the key that made it
   * @param signature the signature
   */
  record Signature(String algorithm, String keyId, Bytes signature) {}

  /**
   * A signature without a word about who made it.
   *
   * @param signature 64 bytes of Ed25519, or 256 or 512 bytes of RSASSA-PSS
   */
  record Bare(Bytes signature) implements PackageSignature {}

  /**
   * A statement and the signatures under it.
   *
   * @param statement what is signed
   * @param signatures at least one
   */
  record Envelope(Statement statement, List<Signature> signatures) implements PackageSignature {
    /** Copies the list. */
    public Envelope {
      signatures = List.copyOf(signatures);
    }

    /** The JSON text, as the file holds it. */
    Bytes encode() {
      return EnvelopeJson.write(this);
    }
  }

  /** Reads the file; {@code source} names the package, for messages. */
  static PackageSignature parse(Bytes file, String source) {
    boolean bare =
        Arrays.stream(KeyType.values()).anyMatch(type -> type.signatureBytes() == file.size());
    return bare ? new Bare(file) : EnvelopeJson.read(file, source);
  }

  /** Checks this signature of a package with that digest, as {@link PackageReader#verify} says. */
  default PackageReader.Verified verify(
      Bytes digest, List<Publisher> trusted, Instant now, String source) {
    return switch (this) {
      case Bare bare -> bare(bare, digest, trusted, source);
      case Envelope envelope -> envelope(envelope, digest, trusted, now, source);
    };
  }

  private static PackageReader.Verified bare(
      Bare bare, Bytes digest, List<Publisher> trusted, String source) {
    byte[] sha256 = digest.toByteArray();
    byte[] signature = bare.signature.toByteArray();
    var able =
        trusted.stream()
            .filter(publisher -> publisher.key().type().signatureBytes() == signature.length)
            .toList();
    if (able.isEmpty()) {
      throw new Fault(
          PackCode.UNTRUSTED,
          source
              + " has a bare signature of "
              + signature.length
              + " bytes, and no trusted publisher has a key of that type; see 'cis keys trust'");
    }
    var signers =
        able.stream().filter(publisher -> publisher.key().verifiesFile(sha256, signature)).toList();
    if (signers.isEmpty()) {
      throw new Fault(
          PackCode.BAD_SIGNATURE,
          source
              + " was changed, or signed by none of: "
              + able.stream().map(Publisher::name).toList());
    }
    return new PackageReader.Verified(digest, Optional.empty(), signers);
  }

  private static PackageReader.Verified envelope(
      Envelope envelope, Bytes digest, List<Publisher> trusted, Instant now, String source) {
    var statement = envelope.statement;
    var signers = new ArrayList<Publisher>();
    for (var signature : envelope.signatures) {
      for (var publisher : trusted) {
        if (publisher.key().id().equals(signature.keyId)) {
          if (!isGood(statement, signature, publisher)) {
            throw new Fault(
                PackCode.BAD_SIGNATURE,
                source + ": the signature of " + publisher.name() + " does not fit; do not use it");
          }
          signers.add(publisher);
        }
      }
    }
    if (signers.isEmpty()) {
      throw new Fault(
          PackCode.UNTRUSTED,
          source
              + " is signed by "
              + envelope.signatures.stream().map(Signature::keyId).toList()
              + ", whom this node does not trust; see 'cis keys trust'");
    }
    if (!statement.digest.equals(digest)) {
      throw new Fault(
          PackCode.BAD_SIGNATURE,
          source
              + " is not what was signed: its digest is "
              + digest.hex()
              + ", signed was "
              + statement.digest.hex());
    }
    if (statement.expires.isPresent() && !now.isBefore(statement.expires.get())) {
      throw new Fault(
          PackCode.EXPIRED,
          source + ": its signature was valid until " + statement.expires.get() + "; sign it anew");
    }
    return new PackageReader.Verified(digest, Optional.of(statement), List.copyOf(signers));
  }

  private static boolean isGood(Statement statement, Signature signature, Publisher publisher) {
    var algorithm = publisher.key().type().algorithm();
    return algorithm.equals(signature.algorithm)
        && publisher
            .key()
            .verifies(
                statement.covered(algorithm, publisher.key().id()),
                signature.signature.toByteArray());
  }
}

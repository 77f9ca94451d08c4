package dev.cis.gossip.proto;

import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.KeyPair;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.identity.Signed;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.nio.charset.StandardCharsets;

/**
 * What an author tells a topic.
 *
 * @param id who said it and when
 * @param topic at most 128 bytes, no control characters
 * @param payload at most 256 KiB
 * @param ttl how many links it may be pushed over, 1 to 255; repair carries it further
 * @param probability the share of links on which each node pushes it, above 0 and up to 1
 * @param signed the bytes that carry all of this with the author's signature; they are forwarded as
 *     they came. Empty in simulations, where signatures are left out
 */
public record Rumour(
    RumourId id, String topic, Bytes payload, int ttl, double probability, Bytes signed) {
  /** Longest topic in bytes. */
  public static final int MAX_TOPIC = 128;

  /** Largest payload in bytes. */
  public static final int MAX_PAYLOAD = 256 * 1024;

  /** Highest time to live. */
  public static final int MAX_TTL = 255;

  /** Largest signed form in bytes. */
  public static final int MAX_SIGNED = MAX_PAYLOAD + 512;

  /** Signature domain. */
  public static final String DOMAIN = "cis-gossip/1";

  static final Codec<Body> BODY = new BodyCodec();
  private static final Codec<Signed<Body>> SIGNED =
      Signed.codec(DOMAIN, BODY, MAX_PAYLOAD + MAX_TOPIC + 64);

  /** Checks the parts. */
  public Rumour {
    check(topic, payload.size(), ttl, probability);
  }

  /** A rumour of the owner of a key. */
  public static Rumour sign(
      KeyPair key, long sequence, String topic, Bytes payload, int ttl, double probability) {
    check(topic, payload.size(), ttl, probability);
    var body = new Body(sequence, topic, payload.toByteArray(), ttl, probability);
    var signed = Bytes.of(SIGNED.encode(Signed.sign(key, DOMAIN, BODY, body)));
    var id = new RumourId(key.nodeId(), sequence);
    return new Rumour(id, topic, payload, ttl, probability, signed);
  }

  /** A rumour without a signature, for simulations. */
  public static Rumour unsigned(
      NodeId author, long sequence, String topic, Bytes payload, int ttl, double probability) {
    var id = new RumourId(author, sequence);
    return new Rumour(id, topic, payload, ttl, probability, Bytes.EMPTY);
  }

  /**
   * Reads a signed form and verifies the signature.
   *
   * @throws Fault {@code kernel.bad-signature}, {@code kernel.malformed}, {@code kernel.too-large}
   */
  public static Rumour verified(Bytes signed) {
    var carried = SIGNED.decode(signed.toByteArray());
    var body = carried.value();
    return WireReader.decoding(() ->
        new Rumour(
            new RumourId(carried.signer().nodeId(), body.sequence),
            body.topic,
            Bytes.of(body.payload),
            body.ttl,
            body.probability,
            signed));
  }

  private static void check(String topic, int size, int ttl, double probability) {
    int length = topic.getBytes(StandardCharsets.UTF_8).length;
    if (length == 0 || length > MAX_TOPIC || topic.chars().anyMatch(Character::isISOControl)) {
      throw bad("a topic has 1 to 128 bytes and no control characters");
    }
    if (size > MAX_PAYLOAD) {
      throw new Fault(KernelCode.TOO_LARGE, "a rumour of " + size + " bytes, limit " + MAX_PAYLOAD);
    }
    if (ttl < 1 || ttl > MAX_TTL) {
      throw bad("the time to live " + ttl + " is not in 1 to " + MAX_TTL);
    }
    if (!(probability > 0 && probability <= 1)) {
      throw bad("the probability " + probability + " is not above 0 and up to 1");
    }
  }

  private static Fault bad(String what) {
    return new Fault(KernelCode.MALFORMED, "malformed rumour: " + what);
  }

  /** What the signature covers. Not a record, for it holds an array. */
  static final class Body {
    final long sequence;
    final String topic;
    final byte[] payload;
    final int ttl;
    final double probability;

    Body(long sequence, String topic, byte[] payload, int ttl, double probability) {
      this.sequence = sequence;
      this.topic = topic;
      this.payload = payload;
      this.ttl = ttl;
      this.probability = probability;
    }
  }

  private static final class BodyCodec implements Codec<Body> {
    @Override
    public void write(WireWriter out, Body body) {
      out.uint(1, body.sequence).string(2, body.topic).bytes(3, body.payload).uint(4, body.ttl);
      out.real(5, body.probability);
    }

    @Override
    public Body read(WireReader in) {
      long sequence = 0;
      var topic = "";
      byte[] payload = {};
      int ttl = 0;
      double probability = 0;
      while (in.next()) {
        switch (in.field()) {
          case 1 -> sequence = in.uint(Long.MAX_VALUE);
          case 2 -> topic = in.string(MAX_TOPIC);
          case 3 -> payload = in.bytes(MAX_PAYLOAD);
          case 4 -> ttl = in.uint(MAX_TTL);
          case 5 -> probability = in.real();
          default -> in.skip();
        }
      }
      return new Body(sequence, topic, payload, ttl, probability);
    }
  }
}

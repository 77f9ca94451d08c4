package dev.cis.sync.proto;

import dev.cis.crdt.Dot;
import dev.cis.crdt.HybridTime;
import dev.cis.crdt.VectorClock;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.fault.KernelCode;
import dev.cis.kernel.identity.NodeId;
import dev.cis.kernel.wire.Bytes;
import dev.cis.kernel.wire.Codec;
import dev.cis.kernel.wire.WireReader;
import dev.cis.kernel.wire.WireWriter;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;

/**
 * What one write says. Its encoding names the domain, and only the public one can be read: a
 * private write has no form in which it could come over the network.
 *
 * @param realm which realm's memory; empty for the open one
 * @param category the user's own ordering
 * @param key what it is about
 * @param type how writes of the key merge; {@link #REGISTER} is the only one yet
 * @param value the bytes; empty for a tombstone
 * @param vector an embedding as little-endian 32-bit floats; empty for none
 * @param author who wrote
 * @param time when, by the author's hybrid clock
 * @param sequence the author's count of public writes; with the author, the dot
 * @param clock the writes of the key that this one knew of, itself included
 * @param deleted whether it is a tombstone
 */
public record EntryBody(
    String realm,
    String category,
    String key,
    String type,
    Bytes value,
    Bytes vector,
    NodeId author,
    HybridTime time,
    long sequence,
    VectorClock clock,
    boolean deleted) {
  /** Longest realm in bytes. */
  public static final int MAX_REALM = 64;

  /** Longest category in bytes. */
  public static final int MAX_CATEGORY = 64;

  /** Longest key in bytes. */
  public static final int MAX_KEY = 512;

  /** Longest type in bytes. */
  public static final int MAX_TYPE = 32;

  /** Largest value in bytes. */
  public static final int MAX_VALUE = 192 * 1024;

  /** Most components of an embedding. */
  public static final int MAX_VECTOR = 4096;

  /** Most authors in a vector clock; the smallest counts are dropped first. */
  public static final int MAX_CLOCK = 64;

  /** Largest encoding in bytes. */
  public static final int MAX_BYTES = 216 * 1024;

  /** The type of which the latest write wins. */
  public static final String REGISTER = "register";

  /** The signed part of the message. */
  public static final Codec<EntryBody> CODEC = new BodyCodec();

  private static final int PUBLIC = 1;
  private static final int MAX_COUNT_BYTES = NodeId.BYTES + 16;

  /** Checks what the codec cannot see. */
  public EntryBody {
    if (key.isEmpty()) {
      throw new IllegalArgumentException("a memory key cannot be empty");
    }
    checkText("realm", realm, MAX_REALM);
    checkText("category", category, MAX_CATEGORY);
    checkText("key", key, MAX_KEY);
    checkText("type", type, MAX_TYPE);
    if (value.size() > MAX_VALUE) {
      throw tooLarge("value", value.size(), MAX_VALUE);
    }
    if (vector.size() % Float.BYTES != 0 || vector.size() > MAX_VECTOR * Float.BYTES) {
      throw tooLarge("vector", vector.size(), MAX_VECTOR * Float.BYTES);
    }
    if (clock.size() > MAX_CLOCK) {
      throw tooLarge("clock", clock.size(), MAX_CLOCK);
    }
    if (sequence < 1 || clock.get(author) != sequence) {
      throw new IllegalArgumentException("the clock of a write must end with the write itself");
    }
    if (deleted && !(value.isEmpty() && vector.isEmpty())) {
      throw new IllegalArgumentException("a tombstone has no value");
    }
  }

  private static void checkText(String what, String text, int limit) {
    if (text.length() > limit || text.getBytes(StandardCharsets.UTF_8).length > limit) {
      throw tooLarge(what, text.getBytes(StandardCharsets.UTF_8).length, limit);
    }
  }

  private static Fault tooLarge(String what, int size, int limit) {
    return new Fault(
        KernelCode.TOO_LARGE,
        "the " + what + " of a memory entry has " + size + ", limit " + limit);
  }

  /** The name of the write. */
  public Dot dot() {
    return new Dot(author, sequence);
  }

  private static final class BodyCodec implements Codec<EntryBody> {
    private record Count(NodeId author, long sequence) {}

    private static final Codec<Count> COUNT =
        new Codec<>() {
          @Override
          public void write(WireWriter out, Count count) {
            out.bytes(1, count.author.bytes()).uint(2, count.sequence);
          }

          @Override
          public Count read(WireReader in) {
            byte[] author = {};
            long sequence = 0;
            while (in.next()) {
              switch (in.field()) {
                case 1 -> author = in.exactly(NodeId.BYTES);
                case 2 -> sequence = in.uint(Long.MAX_VALUE);
                default -> in.skip();
              }
            }
            return new Count(NodeId.of(author), sequence);
          }
        };

    @Override
    public void write(WireWriter out, EntryBody body) {
      out.string(1, body.realm).uint(2, PUBLIC).string(3, body.category).string(4, body.key);
      out.string(5, body.type).bytes(6, body.value.toByteArray());
      out.bytes(7, body.vector.toByteArray()).bytes(8, body.author.bytes());
      out.uint(9, body.time.packed()).uint(10, body.sequence);
      body.clock
          .counts()
          .forEach((author, sequence) -> out.message(11, COUNT, new Count(author, sequence)));
      out.bool(12, body.deleted);
    }

    @Override
    public EntryBody read(WireReader in) {
      var realm = "";
      int domain = 0;
      var category = "";
      var key = "";
      var type = "";
      byte[] value = {};
      byte[] vector = {};
      byte[] author = {};
      long time = 0;
      long sequence = 0;
      var clock = new TreeMap<NodeId, Long>();
      boolean deleted = false;
      while (in.next()) {
        switch (in.field()) {
          case 1 -> realm = in.string(MAX_REALM);
          case 2 -> domain = in.uint(Integer.MAX_VALUE);
          case 3 -> category = in.string(MAX_CATEGORY);
          case 4 -> key = in.string(MAX_KEY);
          case 5 -> type = in.string(MAX_TYPE);
          case 6 -> value = in.bytes(MAX_VALUE);
          case 7 -> vector = in.bytes(MAX_VECTOR * Float.BYTES);
          case 8 -> author = in.exactly(NodeId.BYTES);
          case 9 -> time = in.uint();
          case 10 -> sequence = in.uint(Long.MAX_VALUE - 1);
          case 11 -> {
            var count = in.message(COUNT, MAX_COUNT_BYTES);
            clock.put(count.author, count.sequence);
            if (clock.size() > MAX_CLOCK) {
              throw tooLarge("clock", clock.size(), MAX_CLOCK);
            }
          }
          case 12 -> deleted = in.bool();
          default -> in.skip();
        }
      }
      if (domain != PUBLIC) {
        throw new Fault(
            KernelCode.MALFORMED,
            "a memory entry of domain " + domain + ": only public ones travel");
      }
      return new EntryBody(
          realm,
          category,
          key,
          type,
          Bytes.of(value),
          Bytes.of(vector),
          NodeId.of(author),
          new HybridTime(time),
          sequence,
          VectorClock.of(clock),
          deleted);
    }
  }
}

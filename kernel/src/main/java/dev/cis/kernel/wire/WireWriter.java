package dev.cis.kernel.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes fields in the protocol buffers wire format. Default values (0, false, empty) of singular
 * fields are omitted, as in proto3. Not thread-safe.
 */
public final class WireWriter {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int DELIMITED = 2;
  static final int FIXED32 = 5;

  private byte[] buffer = new byte[128];
  private int size;

  /** An unsigned integer ({@code uint64}); omitted when 0. */
  public WireWriter uint(int field, long value) {
    return value == 0 ? this : element(field, value);
  }

  /** An unsigned integer that is written even when it is 0: an element of a repeated field. */
  public WireWriter element(int field, long value) {
    varint(((long) field << 3) | VARINT);
    varint(value);
    return this;
  }

  /** A signed integer in zigzag form ({@code sint64}); omitted when 0. */
  public WireWriter sint(int field, long value) {
    return uint(field, (value << 1) ^ (value >> 63));
  }

  /** A boolean; omitted when false. */
  public WireWriter bool(int field, boolean value) {
    return uint(field, value ? 1 : 0);
  }

  /** Bytes; omitted when empty. */
  public WireWriter bytes(int field, byte[] value) {
    return value.length == 0 ? this : element(field, value);
  }

  /** Bytes that are written even when empty: an element of a repeated field. */
  public WireWriter element(int field, byte[] value) {
    varint(((long) field << 3) | DELIMITED);
    varint(value.length);
    raw(value);
    return this;
  }

  /** Text as UTF-8; omitted when empty. */
  public WireWriter string(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  /** A message inside this one; written even when it is empty, so that presence is carried. */
  public <T> WireWriter message(int field, Codec<T> codec, T value) {
    return element(field, codec.encode(value));
  }

  /** Each message as an element of a repeated field. */
  public <T> WireWriter messages(int field, Codec<T> codec, Iterable<? extends T> values) {
    for (T value : values) {
      message(field, codec, value);
    }
    return this;
  }

  /** Each text as an element of a repeated field. */
  public WireWriter strings(int field, Iterable<String> values) {
    for (String value : values) {
      element(field, value.getBytes(StandardCharsets.UTF_8));
    }
    return this;
  }

  /** An IEEE 754 double, little-endian ({@code double}); omitted when it is +0.0. */
  public WireWriter real(int field, double value) {
    long bits = Double.doubleToRawLongBits(value);
    if (bits == 0) {
      return this;
    }
    varint(((long) field << 3) | FIXED64);
    reserve(8);
    for (int i = 0; i < 8; i++) {
      buffer[size++] = (byte) (bits >>> (8 * i));
    }
    return this;
  }

  /** A base-128 varint without a tag (protocol buffers, "Base 128 Varints"). */
  public WireWriter varint(long value) {
    reserve(10);
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      buffer[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    buffer[size++] = (byte) rest;
    return this;
  }

  /** Bytes as they are, without tag or length. */
  public WireWriter raw(byte[] value) {
    reserve(value.length);
    System.arraycopy(value, 0, buffer, size, value.length);
    size += value.length;
    return this;
  }

  /** How many bytes were written. */
  public int size() {
    return size;
  }

  /** A copy of what was written. */
  public byte[] toByteArray() {
    return Arrays.copyOf(buffer, size);
  }

  private void reserve(int more) {
    if (buffer.length - size < more) {
      buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, Math.addExact(size, more)));
    }
  }
}

package dev.cis.sync;

import dev.cis.kernel.wire.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** An embedding vector: up to 4,096 single-precision components, immutable. */
public final class Embedding {
  private final float[] components;

  private Embedding(float[] components) {
    this.components = components;
  }

  /** A copy of these components. */
  public static Embedding of(float... components) {
    if (components.length == 0 || components.length > Memory.MAX_VECTOR) {
      throw new IllegalArgumentException(
          "an embedding has 1 to " + Memory.MAX_VECTOR + " components, not " + components.length);
    }
    return new Embedding(components.clone());
  }

  /** Reads little-endian 32-bit floats; null for none. */
  static @Nullable Embedding ofBytes(Bytes bytes) {
    if (bytes.isEmpty()) {
      return null;
    }
    var buffer = ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    var components = new float[bytes.size() / Float.BYTES];
    buffer.asFloatBuffer().get(components);
    return of(components);
  }

  /** The components as little-endian 32-bit floats. */
  Bytes toBytes() {
    var buffer = ByteBuffer.allocate(components.length * Float.BYTES);
    buffer.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(components);
    return Bytes.of(buffer.array());
  }

  /** A copy of the components. */
  public float[] components() {
    return components.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Embedding that && Arrays.equals(components, that.components);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(components);
  }

  @Override
  public String toString() {
    return "Embedding[" + components.length + "]";
  }
}

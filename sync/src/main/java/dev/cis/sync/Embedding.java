package dev.cis.sync;

import java.util.Arrays;

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

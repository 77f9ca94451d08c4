package dev.cis.sim;

import dev.cis.kernel.fault.Fault;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * What a coverage-guided fuzzer calls, by the name that libFuzzer's Java front ends expect. The
 * system property {@code cis.fuzz} names the target: {@code CLASS#DECODER}, where the class is a
 * room's {@link Decoders}. See {@code lab/fuzz}.
 */
public final class FuzzTarget {
  private static final Consumer<byte[]> DECODER = target(System.getProperty("cis.fuzz", ""));

  private FuzzTarget() {}

  private static Consumer<byte[]> target(String name) {
    int hash = name.indexOf('#');
    if (hash < 0) {
      throw new IllegalArgumentException("cis.fuzz is CLASS#DECODER, not '" + name + "'");
    }
    try {
      var decoders =
          Class.forName(name.substring(0, hash))
              .asSubclass(Decoders.class)
              .getDeclaredConstructor()
              .newInstance();
      return Objects.requireNonNull(
          decoders.decoders().get(name.substring(hash + 1)), "no such decoder");
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("no such decoders: " + name, e);
    }
  }

  /** Runs one input; a refusal is fine, anything else that is thrown is a finding. */
  public static void fuzzerTestOneInput(byte[] input) {
    try {
      DECODER.accept(input);
    } catch (Fault refused) {
      // What a decoder may do.
    }
  }
}

package dev.cis.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The version of this build. */
public final class Version {
  /** Such as {@code 0.1.0-SNAPSHOT}. */
  public static final String TEXT = read();

  private Version() {}

  private static String read() {
    try (var in = Version.class.getResourceAsStream("version.txt")) {
      return in == null ? "unknown" : new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      return "unknown";
    }
  }
}

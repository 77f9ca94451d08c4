package dev.cis.node;

import java.util.regex.Pattern;

/**
 * The table {@code [node]} of the configuration file.
 *
 * @param name what people call this node: letters, digits, '.', '_' and '-', at most 64; empty
 *     stands for the machine's host name
 */
public record Naming(String name) {
  private static final Pattern NAME = Pattern.compile("([A-Za-z0-9][A-Za-z0-9._-]{0,63})?");

  /** The defaults. */
  public static final Naming DEFAULT = new Naming("");

  /** Checks the name. */
  public Naming {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("letters, digits, '.', '_' and '-', at most 64");
    }
  }
}

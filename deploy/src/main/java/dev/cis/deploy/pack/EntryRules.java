package dev.cis.deploy.pack;

import dev.cis.kernel.fault.Fault;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What may be in a package. Fed with every entry in order; refuses the first that could reach out
 * of the package, hide behind another, or mean different things on different file systems.
 */
final class EntryRules {
  private static final int MAX_NAME_BYTES = 255;

  private final PackageLimits limits;
  private final String source;
  private final Map<String, Kind> kinds = new HashMap<>();
  private final Map<String, String> folded = new HashMap<>();
  private final Set<String> declared = new HashSet<>();
  private int count;

  private enum Kind {
    DIRECTORY,
    FILE,
    LINK
  }

  EntryRules(PackageLimits limits, String source) {
    this.limits = limits;
    this.source = source;
  }

  /** The entry with its path in normal form; an empty path is the top directory itself. */
  PackageReader.Entry accept(TarHeader header) {
    if (++count > limits.entries()) {
      throw new Fault(
          PackCode.TOO_LARGE, source + " has more than " + limits.entries() + " entries");
    }
    var names = names(header.name(), header.type() == '5');
    var path = String.join("/", names);
    var kind =
        switch (header.type()) {
          case '5' -> Kind.DIRECTORY;
          case '2' -> Kind.LINK;
          default -> Kind.FILE;
        };
    if (names.isEmpty() && kind != Kind.DIRECTORY) {
      throw unsafe(header.name(), "names no file");
    }
    place(names, path, kind);
    if (!declared.add(path)) {
      throw unsafe(path, "is there twice");
    }
    var target = kind == Kind.LINK ? target(path, names.size() - 1, header.link()) : "";
    // Set-id, sticky and the write bits of others have no place on a node.
    int mode = header.mode() & 0755;
    return new PackageReader.Entry(
        path,
        kind == Kind.FILE ? "file" : kind == Kind.LINK ? "link" : "directory",
        mode,
        header.size(),
        target);
  }

  private List<String> names(String name, boolean directory) {
    if (name.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > limits.pathBytes()) {
      throw new Fault(
          PackCode.TOO_LARGE,
          source + ": '" + Texts.printable(name) + "' is longer than " + limits.pathBytes());
    }
    if (name.isEmpty() || name.startsWith("/")) {
      throw unsafe(name, "is not a relative path");
    }
    var rest = directory && name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
    var names = new ArrayList<String>();
    var parts = rest.split("/", -1);
    for (int i = 0; i < parts.length; i++) {
      if (i == 0 && parts[i].equals(".")) {
        continue; // tar -C dir . writes ./ before every path
      }
      names.add(checked(parts[i], name));
    }
    if (names.size() > limits.depth()) {
      throw new Fault(
          PackCode.TOO_LARGE,
          source + ": '" + Texts.printable(name) + "' is deeper than " + limits.depth());
    }
    return names;
  }

  private String checked(String part, String name) {
    if (part.isEmpty() || part.equals(".") || part.equals("..")) {
      throw unsafe(name, "has an empty, '.' or '..' part");
    }
    if (part.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
      throw unsafe(name, "has a part longer than " + MAX_NAME_BYTES + " bytes");
    }
    if (part.indexOf('\\') >= 0 || part.codePoints().anyMatch(EntryRules::isInvisible)) {
      throw unsafe(name, "has a backslash, control or invisible character");
    }
    return part;
  }

  private static boolean isInvisible(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      default -> false;
    };
  }

  /** Notes the path and the directories above it, unless something else has the place. */
  private void place(List<String> names, String path, Kind kind) {
    var at = new StringBuilder();
    for (int i = 0; i < names.size(); i++) {
      at.append(i == 0 ? "" : "/").append(names.get(i));
      var here = at.toString();
      boolean last = i == names.size() - 1;
      var wanted = last ? kind : Kind.DIRECTORY;
      var known = kinds.putIfAbsent(here, wanted);
      if (known != null && (known != wanted || (last && kind != Kind.DIRECTORY))) {
        throw unsafe(
            path, last ? "is there twice" : "lies under '" + here + "', which is no directory");
      }
      if (known == null) {
        var other = folded.putIfAbsent(fold(here), here);
        if (other != null) {
          throw unsafe(path, "differs from '" + Texts.printable(other) + "' only in letter case");
        }
      }
    }
  }

  private static String fold(String path) {
    var composed = Normalizer.normalize(path, Normalizer.Form.NFKC);
    return composed.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
  }

  /**
   * A link may climb with leading {@code ..} no higher than the top and then only descend. The
   * directory that holds the link is a real one, so climbing is literal; whatever links the rest
   * passes obey the same rule, so no chain of them leads out either.
   */
  private String target(String path, int depth, String target) {
    if (target.isEmpty()
        || target.startsWith("/")
        || target.length() > limits.pathBytes()
        || target.indexOf('\\') >= 0
        || target.codePoints().anyMatch(EntryRules::isInvisible)) {
      throw unsafe(path, "is a link to '" + Texts.printable(target) + "', no relative path");
    }
    int climbed = 0;
    boolean descending = false;
    for (var part : target.split("/", -1)) {
      if (part.equals("..")) {
        if (descending || ++climbed > depth) {
          throw unsafe(
              path,
              "is a link that may lead out of the package: '" + Texts.printable(target) + "'");
        }
      } else if (!part.equals(".") && !part.isEmpty()) {
        descending = true;
      }
    }
    return target;
  }

  /** Whether the package has a file or link of that path. */
  boolean hasFile(String path) {
    var kind = kinds.get(path);
    return kind == Kind.FILE || kind == Kind.LINK;
  }

  private Fault unsafe(String path, String what) {
    return new Fault(PackCode.UNSAFE_PACKAGE, source + ": '" + Texts.printable(path) + "' " + what);
  }
}

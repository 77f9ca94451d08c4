package dev.cis.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Makes the reference of configuration from the code and its documentation comments. */
final class ReferencePages {
  private static final Path ROOT = Path.of(System.getProperty("cis.root", ".."));
  private static final Pattern PARAMETER =
      Pattern.compile(
          "@param\\s+(\\w+)\\s+(.*?)(?=\\n \\* @|\\n \\*/|\\n   \\* @|\\n   \\*/)", Pattern.DOTALL);

  private ReferencePages() {}

  /** Writes the page into the repository. */
  public static void main(String[] arguments) throws IOException {
    Files.writeString(ROOT.resolve("docs/reference/configuration.md"), configuration());
  }

  static String configuration() throws IOException {
    var page = new StringBuilder();
    page.append("# Configuration\n\n");
    page.append(
        "Made from the code; a test keeps it so. Options of the command line come before\n");
    page.append(
        "environment variables, those before `config.toml`, the file before the defaults.\n");
    page.append("`cis config show` prints what is in force and where it was set.\n\n");
    page.append(
        "`[labels]` is free: `env = \"test\"`. Durations are written `500ms`, `30s`, `5m`,\n");
    page.append("`2h`, `1d`; sizes as a number of bytes or with `KiB`, `MiB`, `GiB`.\n");
    for (var section : NodeConfig.SECTIONS) {
      page.append("\n## [").append(section.name()).append("]\n\n");
      page.append("| key | default | environment | meaning |\n|---|---|---|---|\n");
      var documents = documents(section.defaults());
      for (var setting : section.settings()) {
        page.append("| `")
            .append(setting.key())
            .append("` | `")
            .append(setting.type().write().apply(setting.fallback()))
            .append("` | `")
            .append(setting.variable())
            .append("` | ")
            .append(documents.getOrDefault(setting.component(), ""))
            .append(" |\n");
      }
    }
    return page.toString();
  }

  /** What the comments of a record and the records in it say of the components, by path. */
  private static Map<String, String> documents(Record record) throws IOException {
    var documents = new HashMap<String, String>();
    collect(record, "", documents);
    return documents;
  }

  private static void collect(Record record, String prefix, Map<String, String> into)
      throws IOException {
    var type = record.getClass();
    var room = type.getPackageName().split("\\.", -1)[2];
    var source =
        Files.readString(
            ROOT.resolve(room)
                .resolve("src/main/java")
                .resolve(type.getName().replace('.', '/') + ".java"));
    var head = source.substring(0, source.indexOf("record " + type.getSimpleName() + "("));
    var matcher = PARAMETER.matcher(head.substring(head.lastIndexOf("/**")));
    while (matcher.find()) {
      into.put(
          prefix + matcher.group(1),
          matcher
              .group(2)
              .replaceAll("\\s*\\n\\s*\\*\\s*", " ")
              .replaceAll("\\{@(?:link|code) ([^}]*)}", "$1")
              .replace("|", "\\|")
              .strip());
    }
    for (var component : type.getRecordComponents()) {
      try {
        component.getAccessor().setAccessible(true);
        if (component.getAccessor().invoke(record) instanceof Record inner) {
          collect(inner, prefix + component.getName() + ".", into);
        }
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}

package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.cis.kernel.fault.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ErrorReferenceTest {
  private static final Path PAGE =
      Path.of(System.getProperty("cis.root", ".."), "docs/reference/errors.md");

  /** Writes the page into the repository. */
  public static void main(String[] arguments) throws IOException {
    Files.writeString(PAGE, page());
  }

  @Test
  void theReferenceListsEveryCode() {
    assertThat(PAGE).as("generate it with ErrorReferenceTest.main").hasContent(page());
  }

  @Test
  void everyCodeIsUniqueAndSaysWhatToDo() {
    var seen = new HashSet<String>();
    for (var code : codes()) {
      assertThat(code.text()).matches("[a-z]+\\.[a-z0-9-]+");
      assertThat(seen.add(code.text())).as(code.text() + " exists once").isTrue();
      assertThat(code.help()).as(code.text()).isNotBlank().endsWith(".");
    }
  }

  private static List<Code> codes() {
    return new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.cis")
            .stream()
            .filter(type -> type.isEnum() && type.isAssignableTo(Code.class))
            .map(JavaClass::reflect)
            .flatMap(type -> Stream.of(type.getEnumConstants()))
            .map(Code.class::cast)
            .sorted(Comparator.comparing(Code::text))
            .toList();
  }

  private static String page() {
    var page = new StringBuilder();
    page.append("# Errors\n\n");
    page.append("Made from the code; a test keeps it so. Codes are stable: new ones are added,\n");
    page.append(
        "old ones keep their meaning. The exit code of a command follows from the kind.\n\n");
    page.append("| code | kind | exit | meaning |\n|---|---|---|---|\n");
    for (var code : codes()) {
      page.append("| `")
          .append(code.text())
          .append("` | ")
          .append(code.kind().name().toLowerCase(Locale.ROOT))
          .append(" | ")
          .append(code.kind().exitCode())
          .append(" | ")
          .append(code.help().replace("|", "\\|"))
          .append(" |\n");
    }
    return page.toString();
  }
}

package dev.cis.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cis.kernel.fault.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class CloseCodesTest {
  private static final Pattern ROW = Pattern.compile("\\| 0x([0-9a-f]+) \\| (\\S+) \\| (.+) \\|");

  @Test
  void thePageSaysEveryCloseCodeAndNoOther() throws IOException {
    var page =
        Files.readString(
            Path.of(System.getProperty("cis.root", ".."), "docs/reference/protocol.md"));
    int begin = page.indexOf("## Close codes\n");
    var section = page.substring(begin, page.indexOf("\n## ", begin));
    var written = new TreeMap<Long, String>();
    ROW.matcher(section)
        .results()
        .forEach(row -> written.put(Long.parseLong(row.group(1), 16), row.group(2)));
    var known = new TreeMap<Long, String>();
    for (var kind : Kind.values()) {
      known.put((long) kind.closeCode(), kind.name());
    }
    known.put(Link.GOODBYE, "-");
    known.put(Link.TRIMMED, "-");
    known.put(Link.DISMISSED, "-");
    assertThat(written).isEqualTo(known);
  }

  @Test
  void everyCodeHasAWordAndUnknownOnesAreADefect() {
    assertThat(Counters.word(Link.GOODBYE)).isEqualTo("goodbye");
    assertThat(Counters.word(Link.DISMISSED)).isEqualTo("dismissed");
    assertThat(Counters.word(Kind.NOT_FOUND.closeCode())).isEqualTo("not-found");
    assertThat(Counters.word(0x7777)).isEqualTo("internal");
  }
}

package dev.cis.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What scripts read must not change under them: the fields are pinned in a page. */
class JsonReferenceTest {
  private static final Path PAGE =
      Path.of(System.getProperty("cis.root", ".."), "docs/reference/json.md");
  private static final String BEGIN = "```text\n";
  private static final String END = "```\n";

  @Test
  void everyFieldOfEveryAnswerIsAsThePageSays() throws IOException {
    assertThat(fieldsOf(Files.readString(PAGE)))
        .as("scripts read these names: add fields, but neither rename nor remove them")
        .containsExactlyElementsOf(fields());
  }

  @Test
  void whatIsWrittenHasTheNamesOfTheFieldsAndLeavesOutNulls() {
    var pong = RecordJson.toMap(new Result.Pong(3, null, null, "no answer"));
    assertThat(RecordJson.text(pong)).isEqualTo("{\"sequence\":3,\"failure\":\"no answer\"}");
  }

  private static List<String> fieldsOf(String page) {
    int begin = page.indexOf(BEGIN) + BEGIN.length();
    return page.substring(begin, page.indexOf(END, begin)).lines().toList();
  }

  private static List<String> fields() {
    return Stream.of(Result.class.getPermittedSubclasses())
        .flatMap(
            answer -> Stream.of(answer.getRecordComponents()).map(field -> line(answer, field)))
        .sorted()
        .toList();
  }

  private static String line(Class<?> answer, RecordComponent field) {
    return answer.getSimpleName()
        + "."
        + field.getName()
        + " "
        + kind(field.getGenericType())
        + (field.getAnnotatedType().getAnnotations().length > 0 ? ", may be missing" : "");
  }

  private static String kind(Type type) {
    if (type instanceof ParameterizedType generic) {
      var inner = generic.getActualTypeArguments();
      return generic.getRawType() == List.class
          ? "list of " + kind(inner[0])
          : "object of " + kind(inner[1]);
    }
    var kinds =
        Map.<Type, String>of(
            String.class, "text",
            Instant.class, "time",
            boolean.class, "boolean",
            Boolean.class, "boolean",
            int.class, "integer",
            Integer.class, "integer",
            long.class, "integer",
            Long.class, "integer",
            double.class, "number",
            Double.class, "number");
    return kinds.getOrDefault(type, ((Class<?>) type).getSimpleName());
  }
}

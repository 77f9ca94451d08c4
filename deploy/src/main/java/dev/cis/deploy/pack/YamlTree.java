package dev.cis.deploy.pack;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A small YAML document with the lines that its values stand on. Scalars stay the text that was
 * written, so {@code version: 1.10} is not a number that loses its zero. Anchors, aliases, tags of
 * any effect, double keys, and a second document are refused.
 */
sealed interface YamlTree {
  int MAX_DEPTH = 8;

  /** The line, from 1. */
  int line();

  /** A text, number, truth value or nothing, as written. */
  record Scalar(int line, String text) implements YamlTree {}

  /** A list. */
  record Sequence(int line, List<YamlTree> items) implements YamlTree {}

  /** A mapping in the order of the file. */
  record Mapping(int line, Map<String, YamlTree> entries) implements YamlTree {}

  static YamlTree parse(byte[] yaml, String source) {
    if (yaml.length > Manifest.MAX_BYTES) {
      throw new Fault(
          PackCode.BAD_MANIFEST,
          source + " has " + yaml.length + " bytes, limit " + Manifest.MAX_BYTES);
    }
    var factory =
        YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    try (var parser = factory.createParser(yaml)) {
      if (parser.nextToken() == null) {
        throw new Fault(PackCode.BAD_MANIFEST, source + " is empty");
      }
      var tree = value(parser, 0, source);
      if (parser.nextToken() != null) {
        throw bad(source, line(parser), "a second document begins; a manifest is one");
      }
      return tree;
    } catch (IOException | RuntimeException e) {
      if (e instanceof Fault fault) {
        throw fault;
      }
      var message = String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
      var cut = message.length() > 200 ? message.substring(0, 200) + "..." : message;
      throw new Fault(
          PackCode.BAD_MANIFEST,
          source + " is not valid YAML: " + cut.replaceAll("\\p{Cntrl}", "?"),
          e);
    }
  }

  private static YamlTree value(YAMLParser parser, int depth, String source) throws IOException {
    int line = line(parser);
    if (depth > MAX_DEPTH) {
      throw bad(source, line, "nested deeper than " + MAX_DEPTH);
    }
    if (parser.isCurrentAlias() || parser.getObjectId() != null) {
      throw bad(source, line, "anchors (&) and aliases (*) are not allowed; write the value out");
    }
    return switch (parser.currentToken()) {
      case START_OBJECT -> mapping(parser, depth, line, source);
      case START_ARRAY -> sequence(parser, depth, line, source);
      case VALUE_NULL -> new Scalar(line, "");
      case VALUE_STRING, VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT, VALUE_TRUE, VALUE_FALSE ->
          new Scalar(line, parser.getText());
      case null, default ->
          throw bad(source, line, "a value of a sort that a manifest cannot have");
    };
  }

  private static YamlTree mapping(YAMLParser parser, int depth, int line, String source)
      throws IOException {
    var entries = new LinkedHashMap<String, YamlTree>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      if (parser.getObjectId() != null) {
        throw bad(source, line(parser), "anchors (&) are not allowed");
      }
      var key = parser.currentName();
      parser.nextToken();
      entries.put(key, value(parser, depth + 1, source));
    }
    return new Mapping(line, entries);
  }

  private static YamlTree sequence(YAMLParser parser, int depth, int line, String source)
      throws IOException {
    var items = new ArrayList<YamlTree>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      items.add(value(parser, depth + 1, source));
    }
    return new Sequence(line, items);
  }

  private static int line(JsonParser parser) {
    return parser.currentTokenLocation().getLineNr();
  }

  static Fault bad(String source, int line, @Nullable String what) {
    return new Fault(PackCode.BAD_MANIFEST, source + ":" + line + ": " + what);
  }
}

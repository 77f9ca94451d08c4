package dev.cis.deploy.pack;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.cis.deploy.pack.PackageSignature.Envelope;
import dev.cis.deploy.pack.PackageSignature.Signature;
import dev.cis.deploy.pack.PackageSignature.Statement;
import dev.cis.kernel.fault.Fault;
import dev.cis.kernel.wire.Bytes;
import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The JSON of an envelope. One envelope has one meaning: unknown and double keys are refused. */
final class EnvelopeJson {
  private static final Set<String> KEYS =
      Set.of(
          "alg",
          "key_id",
          "digest",
          "name",
          "version",
          "sequence",
          "created_at",
          "expires",
          "sigs");
  private static final Set<String> SIGNATURE_KEYS = Set.of("alg", "key_id", "sig");
  private static final int MAX_TEXT = 1_024;

  private static final JSON STRICT =
      JSON.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(8)
                          .maxNumberLength(20)
                          .maxStringLength(PackageSignature.MAX_BYTES)
                          .build())
                  .build())
          .build();

  private final String source;

  private EnvelopeJson(String source) {
    this.source = source;
  }

  static Bytes write(Envelope envelope) {
    var statement = envelope.statement();
    var first = envelope.signatures().getFirst();
    var map = new LinkedHashMap<String, Object>();
    map.put("alg", first.algorithm());
    map.put("key_id", first.keyId());
    map.put("digest", statement.digest().hex());
    map.put("name", statement.name());
    map.put("version", statement.version());
    map.put("sequence", statement.sequence());
    map.put("created_at", statement.createdAt().toString());
    statement.expires().ifPresent(at -> map.put("expires", at.toString()));
    var signatures = new ArrayList<Map<String, Object>>();
    for (var signature : envelope.signatures()) {
      var one = new LinkedHashMap<String, Object>();
      one.put("alg", signature.algorithm());
      one.put("key_id", signature.keyId());
      one.put("sig", Base64.getEncoder().encodeToString(signature.signature().toByteArray()));
      signatures.add(one);
    }
    map.put("sigs", signatures);
    try {
      var text = STRICT.asString(map) + "\n";
      // A file of just these lengths would be taken for a bare signature.
      return Bytes.utf8(text.length() == 256 || text.length() == 512 ? text + "\n" : text);
    } catch (IOException e) {
      throw new IllegalStateException("an envelope in memory cannot be written", e);
    }
  }

  static Envelope read(Bytes file, String source) {
    return new EnvelopeJson(source).read(file.toByteArray());
  }

  private Envelope read(byte[] text) {
    if (text.length > PackageSignature.MAX_BYTES) {
      throw bad("it has " + text.length + " bytes, limit " + PackageSignature.MAX_BYTES, null);
    }
    Map<String, Object> map;
    try (var parser = STRICT.createParser(text)) {
      map = STRICT.mapFrom(parser);
      if (parser.nextToken() != null) {
        throw bad("something follows the JSON object", null);
      }
    } catch (IOException | RuntimeException e) {
      if (e instanceof Fault fault) {
        throw fault;
      }
      throw bad("neither a bare signature nor a JSON envelope", e);
    }
    if (map == null) {
      throw bad("it is empty", null);
    }
    known(map, KEYS);
    var statement =
        new Statement(
            digest(map),
            text(map, "name"),
            text(map, "version"),
            sequence(map),
            instant(map, "created_at"),
            map.containsKey("expires") ? Optional.of(instant(map, "expires")) : Optional.empty());
    var signatures = signatures(map);
    var first = signatures.getFirst();
    if (!first.algorithm().equals(text(map, "alg")) || !first.keyId().equals(text(map, "key_id"))) {
      throw bad("alg and key_id are not those of the first signature", null);
    }
    return new Envelope(statement, signatures);
  }

  private List<Signature> signatures(Map<String, Object> map) {
    if (!(map.get("sigs") instanceof List<?> list)
        || list.isEmpty()
        || list.size() > PackageSignature.MAX_SIGNATURES) {
      throw bad("sigs is not a list of 1 to " + PackageSignature.MAX_SIGNATURES, null);
    }
    var signatures = new ArrayList<Signature>();
    for (var item : list) {
      if (!(item instanceof Map<?, ?> raw)) {
        throw bad("sigs holds something else than objects", null);
      }
      var one = new LinkedHashMap<String, Object>();
      raw.forEach((key, value) -> one.put(String.valueOf(key), value));
      known(one, SIGNATURE_KEYS);
      var signature = new Signature(text(one, "alg"), text(one, "key_id"), base64(one));
      if (signatures.stream().anyMatch(other -> other.keyId().equals(signature.keyId()))) {
        throw bad("two signatures of one key", null);
      }
      signatures.add(signature);
    }
    return signatures;
  }

  private void known(Map<String, Object> map, Set<String> keys) {
    for (var key : map.keySet()) {
      if (!keys.contains(key)) {
        throw bad("unknown key '" + Texts.printable(key) + "'", null);
      }
    }
  }

  private String text(Map<String, Object> map, String key) {
    if (map.get(key) instanceof String text && !text.isEmpty() && text.length() <= MAX_TEXT) {
      return text;
    }
    throw bad(key + " is missing or no text", null);
  }

  private Bytes digest(Map<String, Object> map) {
    var hex = text(map, "digest");
    if (!hex.matches("[0-9a-f]{64}")) {
      throw bad("digest is not 64 lower-case hexadecimal digits", null);
    }
    return Bytes.of(HexFormat.of().parseHex(hex));
  }

  private long sequence(Map<String, Object> map) {
    return switch (map.get("sequence")) {
      case Integer number when number >= 0 -> number;
      case Long number when number >= 0 -> number;
      case null, default -> throw bad("sequence is not a whole number from 0", null);
    };
  }

  private Instant instant(Map<String, Object> map, String key) {
    var text = text(map, key);
    try {
      var instant = Instant.parse(text);
      // One time has one text; and a time that wire formats can carry.
      if (instant.toString().equals(text) && instant.toEpochMilli() > 0) {
        return instant;
      }
    } catch (DateTimeParseException | ArithmeticException e) {
      throw bad(key + " is not a time such as 2026-01-19T10:00:00Z", e);
    }
    throw bad(key + " is not a time such as 2026-01-19T10:00:00Z", null);
  }

  private Bytes base64(Map<String, Object> map) {
    var text = text(map, "sig");
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      if (Base64.getEncoder().encodeToString(bytes).equals(text)) {
        return Bytes.of(bytes);
      }
    } catch (IllegalArgumentException e) {
      throw bad("sig is not base64", e);
    }
    throw bad("sig is not base64 in its one canonical form", null);
  }

  private Fault bad(String what, @org.jspecify.annotations.Nullable Throwable cause) {
    return new Fault(
        PackCode.BAD_SIGNATURE, source + ": app.tar.gz.sig cannot be read: " + what, cause);
  }
}

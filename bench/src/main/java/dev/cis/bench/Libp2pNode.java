package dev.cis.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process of {@code bench/peers/libp2p-nat.mjs}, asked by lines of JSON.
 *
 * <p>Whatever it prints that is no answer to the question is passed over: a library may print, and
 * the answer to an older question may come late.
 */
final class Libp2pNode {
  private static final String END = ""; // no line that it says is empty once it is stripped
  private static final int LONGEST = 64 * 1024;
  private static final int WAITING = 1_000;

  private final String host;
  private final Writer questions;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>(WAITING);
  private long asked;

  /**
   * Speaks with it.
   *
   * @param host where it runs
   * @param questions its standard input
   * @param answers its standard output
   */
  Libp2pNode(String host, Writer questions, Reader answers) {
    this.host = host;
    this.questions = questions;
    var _ = Thread.ofVirtual().name("libp2p-" + host).start(() -> read(answers));
  }

  String host() {
    return host;
  }

  private void read(Reader answers) {
    try (var reader = new BufferedReader(answers)) {
      for (var line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.isBlank() && line.length() <= LONGEST) {
          lines.put(line.strip());
        }
      }
    } catch (IOException e) {
      // Its end, which is told below.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      boolean _ = lines.offer(END);
    }
  }

  /**
   * Asks, and waits for the answer.
   *
   * @throws IOException it has ended, says that it failed, or does not answer in time
   */
  Map<String, Object> ask(String what, Map<String, Object> more, Duration within)
      throws IOException {
    long n = ++asked;
    var question = new LinkedHashMap<>(more);
    question.put("n", n);
    question.put("ask", what);
    questions.write(JSON.std.asString(question) + "\n");
    questions.flush();
    long end = System.nanoTime() + within.toNanos();
    try {
      for (; ; ) {
        var line = lines.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (line == null) {
          throw new IOException(
              "libp2p on " + host + " did not answer in " + within.toSeconds() + " s");
        }
        if (line.equals(END)) {
          boolean _ = lines.offer(END); // for the next question
          throw new IOException("libp2p on " + host + " has ended");
        }
        var answer = answer(line, n);
        if (answer == null) {
          continue;
        }
        if (answer.get("failure") != null) {
          throw new IOException(String.valueOf(answer.get("failure")));
        }
        return answer;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** The line as the answer to that question, null if it is none. */
  private static @Nullable Map<String, Object> answer(String line, long n) {
    if (!line.startsWith("{")) {
      return null;
    }
    try {
      var answer = JSON.std.mapFrom(line);
      return answer.get("n") instanceof Number number && number.longValue() == n ? answer : null;
    } catch (IOException e) {
      return null;
    }
  }

  /** Who it is, and the addresses at which it says it is reached. */
  record Facts(String id, List<String> addresses) {
    static Facts of(Map<String, Object> answer) throws IOException {
      if (!(answer.get("id") instanceof String id)
          || !(answer.get("addresses") instanceof List<?> addresses)
          || !addresses.stream().allMatch(String.class::isInstance)) {
        throw new IOException("no id with addresses: " + answer);
      }
      return new Facts(id, addresses.stream().map(String.class::cast).toList());
    }

    /** Whether somebody reaches it without a relay. */
    boolean isPublic() {
      return addresses.stream().anyMatch(each -> !each.contains("/p2p-circuit"));
    }

    /** Whether somebody reaches it through a relay. */
    boolean isRelayed() {
      return addresses.stream().anyMatch(each -> each.contains("/p2p-circuit"));
    }
  }

  /**
   * What became of a dial.
   *
   * @param path {@code direct} or {@code relay}
   * @param firstMillis until the first byte had come back
   * @param directMillis until one had on a direct connection, null if none did
   * @param dead how many connections it took for direct that carried nothing
   */
  record Dial(String path, double firstMillis, @Nullable Double directMillis, int dead) {
    static Dial of(Map<String, Object> answer) throws IOException {
      var path = String.valueOf(answer.get("path"));
      var first = millis(answer.get("first_ms"));
      var direct = millis(answer.get("direct_ms"));
      if (!List.of("direct", "relay").contains(path)
          || first == null
          || (direct == null) != (answer.get("direct_ms") == null)
          || !(answer.get("dead") instanceof Number dead)) {
        throw new IOException("an answer that makes no sense: " + answer);
      }
      return new Dial(path, first, direct, dead.intValue());
    }

    private static @Nullable Double millis(@Nullable Object value) {
      return value instanceof Number number
              && number.doubleValue() >= 0
              && Double.isFinite(number.doubleValue())
          ? (Double) number.doubleValue()
          : null;
    }
  }
}

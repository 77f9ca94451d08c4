package dev.cis.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.cis.bench.Libp2pNode.Dial;
import dev.cis.bench.Libp2pNode.Facts;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class Libp2pNodeTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private static Libp2pNode saying(String... lines) {
    return new Libp2pNode("a1", new StringWriter(), new StringReader(String.join("\n", lines)));
  }

  @Test
  void questionsAreNumberedAndTheirAnswersFoundAmongWhateverIsPrinted() throws IOException {
    var questions = new StringWriter();
    var node =
        new Libp2pNode(
            "a1",
            questions,
            new StringReader(
                """
                libp2p: a warning to stdout
                {"n":

                {"n":0,"left":9}
                {"n":"1","left":8}
                ["n",1]
                {"n":1,"left":7}
                {"n":1,"left":6}
                {"n":2,"left":5}
                """));
    assertThat(node.ask("part", Map.of("id", "x"), LONG)).containsEntry("left", 7);
    assertThat(node.ask("part", Map.of("id", "y"), LONG)).containsEntry("left", 5);
    assertThat(questions.toString().lines().map(Libp2pNodeTest::parsed))
        .containsExactly(
            Map.of("n", 1, "ask", "part", "id", "x"), Map.of("n", 2, "ask", "part", "id", "y"));
  }

  private static Map<String, Object> parsed(String line) {
    try {
      return JSON.std.mapFrom(line);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatItSaysThatFailedIsTheFailure() {
    var node = saying("{\"n\":1,\"failure\":\"all dials failed\"}");
    assertThatThrownBy(() -> node.ask("connect", Map.of(), LONG))
        .isInstanceOf(IOException.class)
        .hasMessage("all dials failed");
  }

  @Test
  void whoHasEndedAnswersNothingMore() {
    var node = saying("{\"n\":1,");
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> node.ask("facts", Map.of(), LONG))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("has ended");
    }
  }

  @Test
  void whoIsSilentIsNotWaitedForWithoutEnd() {
    var never = new CountDownLatch(1);
    var silent =
        new Reader() {
          @Override
          public int read(char[] into, int from, int length) throws IOException {
            try {
              never.await();
              return -1;
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          }

          @Override
          public void close() {}
        };
    var node = new Libp2pNode("a1", new StringWriter(), silent);
    assertThatThrownBy(() -> node.ask("facts", Map.of(), Duration.ofMillis(1)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("did not answer");
    never.countDown();
  }

  @Test
  void aDialIsRead() throws IOException {
    assertThat(Dial.of(Map.of("path", "direct", "first_ms", 40.5, "direct_ms", 200, "dead", 1)))
        .isEqualTo(new Dial("direct", 40.5, 200.0, 1));
    assertThat(Dial.of(Map.of("path", "relay", "first_ms", 40.5, "dead", 0)))
        .isEqualTo(new Dial("relay", 40.5, null, 0));
  }

  @Test
  void answersThatMakeNoSenseAreRefused() {
    for (Map<String, Object> answer :
        List.<Map<String, Object>>of(
            Map.of(),
            Map.of("path", "direct", "dead", 0),
            Map.of("path", "tunnel", "first_ms", 1, "dead", 0),
            Map.of("path", "relay", "first_ms", -1, "dead", 0),
            Map.of("path", "relay", "first_ms", "soon", "dead", 0),
            Map.of("path", "relay", "first_ms", Double.NaN, "dead", 0),
            Map.of("path", "direct", "first_ms", 1, "direct_ms", "soon", "dead", 0),
            Map.of("path", "relay", "first_ms", 1))) {
      assertThatThrownBy(() -> Dial.of(answer)).isInstanceOf(IOException.class);
    }
    assertThatThrownBy(() -> Facts.of(Map.of("id", "x"))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> Facts.of(Map.of("id", "x", "addresses", List.of("/ip4/x", 7))))
        .isInstanceOf(IOException.class);
  }

  @Test
  void anAddressThroughARelayMakesNobodyPublic() {
    var relayed = new Facts("x", List.of("/ip4/80.1.101.10/tcp/7678/p2p/r/p2p-circuit/p2p/x"));
    assertThat(relayed.isRelayed()).isTrue();
    assertThat(relayed.isPublic()).isFalse();
    assertThat(new Facts("x", List.of("/ip4/80.1.5.2/tcp/7678")).isPublic()).isTrue();
  }

  @Test
  void aHostWithoutUdpGetsNoFurtherThanToThoseWhoAreOpen() {
    assertThat(Libp2pLab.expected("g1", "a1")).isEqualTo("relay");
    assertThat(Libp2pLab.expected("d1", "g1")).isEqualTo("relay");
    assertThat(Libp2pLab.expected("g1", "pub2")).isEqualTo("direct");
    assertThat(Libp2pLab.expected("e1", "g1")).isEqualTo("direct");
    assertThat(Libp2pLab.expected("a1", "b1")).isEqualTo("direct");
    assertThat(Libp2pLab.expected("a1", "c1")).isEqualTo("relay");
  }
}

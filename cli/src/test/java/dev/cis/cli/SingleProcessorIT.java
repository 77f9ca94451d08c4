package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cis.api.ControlClient;
import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.node.Home;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real daemons that see one processor, as on the smallest machines in clouds. */
@Tag("e2e")
class SingleProcessorIT {
  private static final Duration SOON = Duration.ofMinutes(2);

  @TempDir Path homes;

  private Terminal terminal(String name) {
    return new Terminal(
        List.of("env", "CIS_DAEMON_OPTS=-XX:ActiveProcessorCount=1"), homes.resolve(name));
  }

  @AfterEach
  void stop() {
    terminal("one").run("p2p", "stop");
    terminal("two").run("p2p", "stop");
  }

  private static long pid(Terminal terminal) {
    return new ControlClient(new Home(terminal.home()))
        .call(new Request.Status(), Result.Status.class)
        .pid();
  }

  @Test
  void daemonsTalkAndEndAndHaveASecondCarrier() throws Exception {
    var one = terminal("one");
    one.run("init", "--name", "one").succeeded();
    one.run("p2p", "start", "--no-mdns", "--listen", "127.0.0.1:0").succeeded();
    var two = terminal("two");
    var invitation = one.run("p2p", "invite").succeeded().out().strip();
    two.run("init", "--name", "two", "--join", invitation).succeeded();
    two.run("p2p", "start", "--no-mdns", "--listen", "127.0.0.1:0").succeeded();
    await().atMost(SOON).until(() -> one.connected().contains("two"));
    one.run("p2p", "ping", "two").succeeded();

    long pid = pid(one);
    var jcmd =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                "" + pid,
                "Thread.vthread_scheduler")
            .redirectErrorStream(true)
            .start();
    var said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(said).contains("parallelism = 2");

    one.run("p2p", "stop").succeeded();
    await().atMost(SOON).until(() -> ProcessHandle.of(pid).isEmpty());
  }
}

package dev.cis.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DaemonProcessTest {
  @Test
  void anAnchorInTheBackgroundGetsTheHeapThatTheGuidePromisesAndANodeStaysSmall()
      throws IOException {
    var anchor = DaemonProcess.flags(Map.of(), true);
    assertThat(anchor).contains("-Xmx1g").doesNotContain("-Xmx256m");
    assertThat(DaemonProcess.flags(Map.of(), false)).contains("-Xmx256m").doesNotContain("-Xmx1g");
    var root = Path.of(System.getProperty("cis.root", ".."));
    assertThat(Files.readString(root.resolve("docs/operating/anchor.service"))).contains("-Xmx1g");
  }

  @Test
  void whatTheOperatorSaysAboutTheDaemonComesLast() {
    var flags = DaemonProcess.flags(Map.of("CIS_DAEMON_OPTS", " -Xmx2g  -Xmn64m "), true);
    assertThat(flags).endsWith("-Xmx2g", "-Xmn64m");
  }
}

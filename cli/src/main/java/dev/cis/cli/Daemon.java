package dev.cis.cli;

import dev.cis.api.ControlServer;
import dev.cis.api.Service;
import dev.cis.kernel.fault.Fault;
import dev.cis.node.Home;
import dev.cis.node.Node;
import dev.cis.node.NodeCode;
import dev.cis.node.NodeConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** The node as a process: runs until it is told to stop, by request or by signal. */
final class Daemon {
  /** Set for a daemon that 'cis p2p start' put into the background. */
  static final String BACKGROUND = "CIS_BACKGROUND";

  private static final long LOG_BYTES = 10 << 20;
  private static final Duration GOODBYE = Duration.ofMillis(100);
  private static final Duration STOPPING = Duration.ofSeconds(30);

  // It warns with a stack trace whenever an interface goes away; a level is kept only as long as
  // somebody keeps the logger.
  private static final Logger JMDNS = Logger.getLogger("javax.jmdns");

  private Daemon() {}

  /** Runs in this process; returns when the node has stopped. */
  static int run(Cis cis, NodeConfig config) throws InterruptedException {
    var home = cis.home();
    home.create();
    boolean background = cis.environment().containsKey(BACKGROUND);
    var log = logTo(home, cis.screen(), !background);
    var stop = new CountDownLatch(1);
    var stopped = new CountDownLatch(1);
    // A signal ends the JVM when this hook is over, so the hook waits for the node.
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .unstarted(() -> {
                  stop.countDown();
                  await(stopped);
                }));
    try (var node = Node.start(home, config);
        var _ = ControlServer.open(home, new Service(node, stop::countDown))) {
      if (!background) {
        cis.screen()
            .note(
                "node "
                    + config.name()
                    + " ("
                    + node.swarm().self()
                    + ") listens at "
                    + node.swarm().localAddresses()
                    + "; Ctrl-C stops it");
      }
      stop.await();
      Thread.sleep(GOODBYE); // so that the answer to the request to stop gets out
    } finally {
      log.close();
      stopped.countDown();
    }
    return 0;
  }

  private static void await(CountDownLatch stopped) {
    try {
      var _ = stopped.await(STOPPING.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sends log events to {@code daemon.log}, in the foreground to standard error too. */
  private static LogFile logTo(Home home, Screen screen, boolean show) {
    LogManager.getLogManager().reset();
    JMDNS.setLevel(Level.SEVERE);
    var root = Logger.getLogger("");
    root.setLevel(Level.INFO);
    try {
      var file = new LogFile(home.log(), LOG_BYTES);
      root.addHandler(file);
      if (show) {
        root.addHandler(new Console(screen));
      }
      return file;
    } catch (IOException e) {
      throw new Fault(NodeCode.BAD_HOME, "cannot write " + home.log() + ": " + e, e);
    }
  }

  private static final class Console extends Handler {
    private final Screen screen;
    private final SimpleFormatter formatter = new SimpleFormatter();

    Console(Screen screen) {
      this.screen = screen;
    }

    @Override
    public void publish(LogRecord record) {
      screen.note(LogFile.format(record, formatter).stripTrailing());
    }

    @Override
    public void flush() {
      screen.err.flush();
    }

    @Override
    public void close() {}
  }
}

package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import dev.cis.kernel.fault.Fault;
import dev.cis.node.Settings;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code cis doctor}. */
@Command(description = "Look for what could keep a node from working here, and say what to do.")
final class DoctorCommand implements Callable<Integer> {
  private static final long LITTLE_DISK = 1L << 30;
  private static final int JAVA = 25;

  private final Cis cis;
  private final List<Finding> findings = new ArrayList<>();

  /**
   * One thing looked at.
   *
   * @param state ok, warning or failure
   */
  private record Finding(String what, String state, String found) {}

  DoctorCommand(Cis cis) {
    this.cis = cis;
  }

  @Override
  public Integer call() {
    var java = Runtime.version().feature();
    add("java", java >= JAVA, "Java " + Runtime.version(), "install JDK " + JAVA);
    checkHome();
    checkConfigAndDaemon();
    checkNetwork();
    boolean failed = findings.stream().anyMatch(f -> f.state.equals("failure"));
    for (var f : findings) {
      if (cis.json()) {
        cis.screen().json(f);
      } else {
        var state =
            switch (f.state) {
              case "ok" -> cis.screen().green("ok     ");
              case "warning" -> "warning";
              default -> cis.screen().red("failure");
            };
        cis.screen().line(state + "  " + f.what + ": " + f.found);
      }
    }
    return failed ? 1 : 0;
  }

  private void add(String what, boolean good, String found, String advice) {
    findings.add(new Finding(what, good ? "ok" : "failure", good ? found : found + ": " + advice));
  }

  private void checkHome() {
    var home = cis.home();
    if (!home.isInitialized()) {
      findings.add(new Finding("identity", "warning", "none in " + home + ": run 'cis init'"));
      return;
    }
    try {
      home.create();
      add("identity", true, home.readIdentity().nodeId().toString(), "");
      long free = Files.getFileStore(home.directory()).getUsableSpace();
      var state = free > LITTLE_DISK ? "ok" : "warning";
      findings.add(new Finding("disk", state, Screen.size(free) + " free for " + home));
    } catch (Fault e) {
      findings.add(new Finding("identity", "failure", String.valueOf(e.getMessage())));
    } catch (IOException e) {
      findings.add(new Finding("disk", "warning", "cannot look at " + home + ": " + e));
    }
  }

  private void checkConfigAndDaemon() {
    int port;
    try {
      var config = Settings.read(cis.home().config(), cis.environment(), Map.of()).config();
      add("config", true, cis.home().config().toString(), "");
      port = config.p2p().listenPort();
    } catch (Fault e) {
      findings.add(new Finding("config", "failure", String.valueOf(e.getMessage())));
      return;
    }
    if (cis.client().isRunning()) {
      var status = cis.client().call(new Request.Status(), Result.Status.class);
      add("daemon", true, "runs (pid " + status.pid() + ")", "");
      var state = status.connected() > 0 ? "ok" : "warning";
      findings.add(
          new Finding(
              "peers",
              state,
              status.connected()
                  + " connected"
                  + (status.connected() > 0 ? "" : ": try 'cis p2p connect HOST:PORT'")));
      return;
    }
    findings.add(new Finding("daemon", "warning", "not running: start it with 'cis p2p start'"));
    try (var socket = new DatagramSocket(null)) {
      socket.bind(new InetSocketAddress(port));
      add("udp port", true, port + " is free", "");
    } catch (BindException e) {
      add("udp port", false, port + " is in use", "stop the other program or set p2p.listen_port");
    } catch (SocketException e) {
      add("udp port", false, port + ": " + e.getMessage(), "choose another with p2p.listen_port");
    }
  }

  private void checkNetwork() {
    try {
      var multicast = new ArrayList<String>();
      for (var network : NetworkInterface.networkInterfaces().toList()) {
        if (network.isUp() && network.supportsMulticast() && !network.isLoopback()) {
          multicast.add(network.getName());
        }
      }
      findings.add(
          new Finding(
              "multicast",
              multicast.isEmpty() ? "warning" : "ok",
              multicast.isEmpty()
                  ? "no network interface does it: other nodes are not found by themselves, use"
                      + " --bootstrap"
                  : "on " + String.join(", ", multicast)));
    } catch (SocketException e) {
      findings.add(new Finding("multicast", "warning", "cannot look: " + e.getMessage()));
    }
  }
}

package dev.cis.cli;

import dev.cis.api.Request;
import dev.cis.api.Result;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Looking at connections. */
final class DiagnosticsCommands {
  private static final int SHOWN = 10;

  private DiagnosticsCommands() {}

  @Command(
      description =
          "What happened on the network since the daemon started, and why connections ended.")
  static final class Counters implements Callable<Integer> {
    private final Cis cis;

    Counters(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var c = cis.client().call(new Request.Counters(), Result.Counters.class);
      if (cis.json()) {
        cis.screen().json(c);
        return 0;
      }
      cis.screen()
          .fields(
              "connections",
                  c.dials()
                      + " dialled, "
                      + c.accepted()
                      + " accepted, "
                      + c.failedDials()
                      + " attempts failed",
              "ended",
                  c.ended().isEmpty()
                      ? "none"
                      : c.ended().entrySet().stream()
                          .map(e -> e.getValue() + " " + e.getKey())
                          .collect(Collectors.joining(", ")),
              "streams",
                  c.streamsOpened()
                      + " opened, "
                      + c.streamsAccepted()
                      + " accepted, "
                      + c.streamsRefused()
                      + " refused",
              "packets",
                  c.packetsSent()
                      + " sent, "
                      + c.packetsReceived()
                      + " received, "
                      + c.packetsLost()
                      + " lost, "
                      + c.packetsRetransmitted()
                      + " sent again",
              "bytes",
                  Screen.size(c.bytesSent())
                      + " sent, "
                      + Screen.size(c.bytesReceived())
                      + " received");
      for (var end : c.ends().subList(0, Math.min(SHOWN, c.ends().size()))) {
        cis.screen()
            .line(
                Screen.ago(end.at())
                    + "  "
                    + end.name()
                    + "  "
                    + end.how()
                    + ": "
                    + cis.screen().foreign(end.reason()));
      }
      return 0;
    }
  }

  @Command(
      description = {
        "Record the traffic with a peer, packet by packet, as qlog (for qvis and the like).",
        "QUIC can be recorded from the start of a connection only: the present one is ended and a",
        "new one dialled, and the streams on it end too. The file grows until --stop."
      },
      footer = {"", "Example:", "  cis p2p qlog node2", "  cis p2p qlog node2 --stop"})
  static final class Qlog implements Callable<Integer> {
    private final Cis cis;

    @Parameters(paramLabel = "NODE", description = "a NodeId, a prefix of one, a name, or a DID")
    private String node = "";

    @Option(names = "--stop", description = "end the recording, and the connection")
    private boolean stop;

    Qlog(Cis cis) {
      this.cis = cis;
    }

    @Override
    public Integer call() {
      var q = cis.client().call(new Request.Qlog(node, stop), Result.Qlog.class);
      if (cis.json()) {
        cis.screen().json(q);
      } else if (q.file() != null) {
        cis.screen().line("recording to " + q.file() + " until 'cis p2p qlog " + node + " --stop'");
      } else {
        cis.screen().line(q.stopped() ? "recording ended" : "nothing was being recorded");
      }
      return 0;
    }
  }
}

package dev.cis.bench;

import dev.cis.kernel.identity.KeyPair;
import dev.cis.transport.Address;
import dev.cis.transport.Call;
import dev.cis.transport.Dialling;
import dev.cis.transport.PeerDescription;
import dev.cis.transport.ProtocolId;
import dev.cis.transport.StoredPeerBook;
import dev.cis.transport.Swarm;
import dev.cis.transport.TransportConfig;
import dev.cis.transport.Wire;
import dev.cis.transport.quic.QuicSwarm;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** The second process: swallows bytes and echoes calls, over QUIC and over TCP. */
final class FarSide implements AutoCloseable {
  static final ProtocolId SINK = ProtocolId.parse("/cis/app/bench-sink/1.0");
  static final ProtocolId ECHO = ProtocolId.parse("/cis/app/bench-echo/1.0");

  static final ProtocolId INLINE = ProtocolId.parse("/cis/app/bench-inline/1.0");

  /** What makes a process the second one. */
  static final String ARGUMENT = "far-side";

  /** Says in a system property how large datagrams may become. */
  static final String DATAGRAM_PROPERTY = "cis.bench.max-datagram";

  private static final int MAX_DATAGRAM =
      Integer.getInteger(DATAGRAM_PROPERTY, TransportConfig.DEFAULT.wire().maxDatagram());

  static final Duration LONG = Duration.ofMinutes(5);

  private final Process process;
  private final BufferedReader out;
  final Address quic;
  final int tcp;

  private FarSide(Process process, BufferedReader out, Address quic, int tcp) {
    this.process = process;
    this.out = out;
    this.quic = quic;
    this.tcp = tcp;
  }

  static Swarm swarm() {
    return swarm(config -> config.with(new Wire(4 << 20, 16 << 20, MAX_DATAGRAM)));
  }

  /** A node on loopback that differs from the defaults in this way. */
  static Swarm swarm(UnaryOperator<TransportConfig> settings) {
    var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return QuicSwarm.open(
        KeyPair.generate(new SecureRandom()),
        settings.apply(
            TransportConfig.DEFAULT
                .withListen(loopback)
                // What is measured is how fast a node can dial, not how fast it may.
                .with(Dialling.DEFAULT.withDials(64, 1_000_000))),
        StoredPeerBook.inMemory(),
        new PeerDescription("", new TreeMap<>(), List.of(), List.of()));
  }

  /** Starts it with these further options for its virtual machine. */
  static FarSide start(String... options) throws IOException {
    var process =
        new ProcessBuilder(java(List.of(options), ARGUMENT))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    var out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    var line = out.readLine();
    if (line == null) {
      throw new IOException("the second process did not start");
    }
    var parts = line.split(" ", 2);
    return new FarSide(process, out, Address.parse(parts[0]), Integer.parseInt(parts[1]));
  }

  /** The command that runs this program as another process. */
  static List<String> java(List<String> options, String... arguments) {
    var command = new ArrayList<String>();
    command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Bench.class.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Runs in the second process until its input ends. */
  static void run() throws IOException {
    var swarm = swarm();
    var _ =
        swarm.handle(
            SINK,
            stream -> {
              var buffer = ByteBuffer.allocateDirect(256 << 10);
              while (stream.read(buffer.clear()) >= 0) {}
              stream.send(new byte[1]);
            });
    var _ =
        swarm.handle(
            ECHO,
            stream -> {
              byte[] message = stream.receive(1 << 20);
              if (message != null) {
                stream.send(message);
              }
            });
    var _ = swarm.serve(ECHO, Call::request);
    var _ = swarm.serveInline(INLINE, Call::request);
    System.out.println(swarm.localAddresses().getFirst() + " " + NettyTcp.serve());
    while (System.in.read() >= 0) {}
    swarm.close();
    System.exit(0);
  }

  /** Processor time that the second process has used. */
  Duration cpu() {
    return process.toHandle().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** Processor time that this process has used. */
  static Duration ownCpu() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    out.close();
    process.destroy();
  }
}

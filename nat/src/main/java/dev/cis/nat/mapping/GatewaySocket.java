package dev.cis.nat.mapping;

import dev.cis.kernel.fault.Fault;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a router by UDP. The socket is connected, so the kernel drops what others send; a datagram
 * that is no answer to the question is skipped, since anyone can send one in the router's name.
 */
final class GatewaySocket {
  private static final Logger LOG = LoggerFactory.getLogger(GatewaySocket.class);
  // RFC 6886 section 3.1: 250 ms, doubled each time; nine of them would take two minutes.
  private static final int FIRST_WAIT = 250;
  private static final int QUESTIONS = 5;
  private static final int LONGEST = 2_048;

  private final Gateway gateway;
  private final int port;

  GatewaySocket(Gateway gateway, int port) {
    this.gateway = gateway;
    this.port = port;
  }

  /**
   * Asks until there is an answer or it was asked often enough, 8 s in all.
   *
   * @param reader empty for what does not answer the question
   */
  <T> Optional<T> ask(byte[] question, int times, Function<byte[], Optional<T>> reader) {
    try (var socket = new DatagramSocket(new InetSocketAddress(gateway.local(), 0))) {
      socket.connect(new InetSocketAddress(gateway.address(), port));
      for (int i = 0; i < Math.min(times, QUESTIONS); i++) {
        socket.send(new DatagramPacket(question, question.length));
        var answer = read(socket, Duration.ofMillis((long) FIRST_WAIT << i), reader);
        if (answer.isPresent()) {
          return answer;
        }
      }
    } catch (PortUnreachableException e) {
      return Optional.empty(); // no such service
    } catch (IOException | IllegalArgumentException | java.io.UncheckedIOException e) {
      LOG.debug("event=gateway-not-asked gateway={} reason=\"{}\"", gateway, e.toString());
    }
    return Optional.empty();
  }

  private <T> Optional<T> read(
      DatagramSocket socket, Duration wait, Function<byte[], Optional<T>> reader)
      throws IOException {
    long end = System.nanoTime() + wait.toNanos();
    var packet = new DatagramPacket(new byte[LONGEST], LONGEST);
    while (true) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return Optional.empty();
      }
      socket.setSoTimeout((int) left);
      packet.setLength(LONGEST);
      try {
        socket.receive(packet);
        var answer = reader.apply(java.util.Arrays.copyOf(packet.getData(), packet.getLength()));
        if (answer.isPresent()) {
          return answer;
        }
      } catch (SocketTimeoutException e) {
        return Optional.empty();
      } catch (Fault e) {
        LOG.debug("event=gateway-answer-bad gateway={} reason=\"{}\"", gateway, e.getMessage());
      }
    }
  }
}

package dev.cis.nat.mapping;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the UPnP description of a router (UPnP Device Architecture 1.1, section 1.3). The question
 * goes to the router and to everyone; only an answer from the router's address that names a page on
 * that address counts.
 */
final class Ssdp {
  private static final Logger LOG = LoggerFactory.getLogger(Ssdp.class);
  private static final int PORT = 1900;
  private static final String EVERYONE = "239.255.255.250";
  private static final List<String> TYPES =
      List.of(
          "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
          "urn:schemas-upnp-org:service:WANIPConnection:1",
          "urn:schemas-upnp-org:service:WANPPPConnection:1");
  private static final Pattern LOCATION =
      Pattern.compile("(?im)^location:[ \\t]*(\\S{1,512})\\s*$");
  private static final int ROUNDS = 3;
  private static final int WAIT_MILLIS = 1_000;
  private static final int LONGEST = 2_048;

  private Ssdp() {}

  /** The address of the description; waits 3 s for an answer. */
  static Optional<URI> find(Gateway gateway) {
    try (var socket = new DatagramSocket(new InetSocketAddress(gateway.local(), 0))) {
      var network = NetworkInterface.getByInetAddress(gateway.local());
      if (network != null) {
        socket.setOption(StandardSocketOptions.IP_MULTICAST_IF, network);
      }
      for (int i = 0; i < ROUNDS; i++) {
        ask(socket, gateway);
        var found = read(socket, gateway);
        if (found.isPresent()) {
          return found;
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.debug("event=ssdp-failed gateway={} reason=\"{}\"", gateway, e.toString());
    }
    return Optional.empty();
  }

  private static void ask(DatagramSocket socket, Gateway gateway) throws IOException {
    for (var type : TYPES) {
      var text =
          String.join(
              "\r\n",
              "M-SEARCH * HTTP/1.1",
              "HOST: " + EVERYONE + ":" + PORT,
              "ST: " + type,
              "MAN: \"ssdp:discover\"",
              "MX: 1",
              "",
              "");
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      for (var to : List.of(gateway.address(), InetAddress.ofLiteral(EVERYONE))) {
        socket.send(new DatagramPacket(bytes, bytes.length, to, PORT));
      }
    }
  }

  private static Optional<URI> read(DatagramSocket socket, Gateway gateway) throws IOException {
    long end = System.nanoTime() + WAIT_MILLIS * 1_000_000L;
    while (true) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return Optional.empty();
      }
      socket.setSoTimeout((int) left);
      var packet = new DatagramPacket(new byte[LONGEST], LONGEST);
      try {
        socket.receive(packet);
      } catch (SocketTimeoutException e) {
        return Optional.empty();
      }
      var location =
          packet.getAddress().equals(gateway.address())
              ? location(packet.getData(), packet.getLength(), gateway.address())
              : Optional.<URI>empty();
      if (location.isPresent()) {
        return location;
      }
      LOG.debug("event=ssdp-answer-skipped from={}", packet.getSocketAddress());
    }
  }

  /** Where an answer says that the description is, if that is on the router itself. */
  static Optional<URI> location(byte[] answer, int length, InetAddress router) {
    var text = new String(answer, 0, length, StandardCharsets.ISO_8859_1);
    var found = LOCATION.matcher(text);
    if (!text.startsWith("HTTP/1.1 200") || !found.find()) {
      return Optional.empty();
    }
    try {
      return Optional.of(URI.create(found.group(1))).filter(uri -> isAt(uri, router));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Whether it is a page of plain HTTP on this host, given as an address. */
  static boolean isAt(URI uri, InetAddress host) {
    return "http".equalsIgnoreCase(uri.getScheme())
        && host.getHostAddress().equals(uri.getHost())
        && uri.getUserInfo() == null;
  }
}

package dev.cis.deploy.run;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * One look at an application. Only addresses of this machine are asked: a package must not make a
 * node send requests into somebody's network. HTTP is written by hand because the address that was
 * checked must be the one that is connected to, and because redirects must not be followed.
 */
final class HealthProbe {
  private static final int MAX_ANSWER = 1024;

  private HealthProbe() {}

  /** Empty when it is well, else why it is not. */
  static String look(
      HealthCheck check, Path directory, Map<String, String> environment, Path scratch)
      throws InterruptedException {
    try {
      return switch (check.type()) {
        case PROCESS -> "";
        case HTTP -> http(check);
        case TCP -> tcp(check);
        case EXEC -> exec(check, directory, environment, scratch);
      };
    } catch (IOException | IllegalArgumentException e) {
      return check.target() + ": " + (e.getMessage() == null ? e.toString() : e.getMessage());
    }
  }

  private static String exec(
      HealthCheck check, Path directory, Map<String, String> environment, Path scratch)
      throws InterruptedException {
    var outcome =
        ShortCommand.run(check.command(), directory, environment, scratch, check.timeout());
    if (outcome.ok()) {
      return "";
    }
    return "'"
        + String.join(" ", check.command())
        + "' ended with status "
        + outcome.status()
        + (outcome.output().isEmpty() ? "" : ": " + outcome.output());
  }

  private static String tcp(HealthCheck check) throws IOException {
    int colon = check.target().lastIndexOf(':');
    if (colon < 0) {
      return "'" + check.target() + "' is not host:port";
    }
    int port = Integer.parseInt(check.target().substring(colon + 1));
    try (var socket = connect(check.target().substring(0, colon), port, check.timeout())) {
      return socket.isConnected() ? "" : check.target() + ": not connected";
    }
  }

  private static String http(HealthCheck check) throws IOException {
    var uri = URI.create(check.target());
    if (!"http".equals(uri.getScheme()) || uri.getHost() == null) {
      return "'" + check.target() + "' is not an http:// URL";
    }
    int port = uri.getPort() < 0 ? 80 : uri.getPort();
    try (var socket = connect(uri.getHost(), port, check.timeout())) {
      var path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
      var query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
      var request =
          "GET "
              + path
              + query
              + " HTTP/1.1\r\nHost: "
              + uri.getHost()
              + ":"
              + port
              + "\r\nUser-Agent: cis-health/1\r\nAccept: */*\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      var bytes = readAnswer(socket, check.timeout());
      var answer = new String(bytes, StandardCharsets.ISO_8859_1);
      if (answer.matches("(?s)HTTP/1\\.[01] [23]\\d\\d.*")) {
        return "";
      }
      var first = answer.lines().findFirst().orElse("no answer");
      int body = answer.indexOf("\r\n\r\n");
      var said = body < 0 ? "" : answer.substring(body + 4).strip();
      return check.target() + ": " + first + (said.isEmpty() ? "" : ": " + said);
    }
  }

  /** What comes within the time, at most so much: a slow drip must not last for ever. */
  private static byte[] readAnswer(Socket socket, Duration timeout) throws IOException {
    long end = System.nanoTime() + timeout.toNanos();
    var answer = new byte[MAX_ANSWER];
    int size = 0;
    while (size < MAX_ANSWER && System.nanoTime() < end) {
      int n = socket.getInputStream().read(answer, size, MAX_ANSWER - size);
      if (n < 0) {
        break;
      }
      size += n;
    }
    return java.util.Arrays.copyOf(answer, size);
  }

  private static Socket connect(String host, int port, Duration timeout) throws IOException {
    var address = InetAddress.getByName(host);
    if (!address.isLoopbackAddress() && NetworkInterface.getByInetAddress(address) == null) {
      throw new IOException("'" + host + "' is not an address of this machine; it is not asked");
    }
    var socket = new Socket();
    try {
      socket.setSoTimeout((int) timeout.toMillis());
      socket.connect(new InetSocketAddress(address, port), (int) timeout.toMillis());
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }
}

package dev.cis.nat.mapping;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Gets and posts small pages by HTTP, with limits on size and time, and follows nobody elsewhere.
 */
final class RouterPage {
  /** Largest page in bytes. */
  static final int MAX_BYTES = 64 * 1024;

  private static final Duration WHOLE = Duration.ofSeconds(8);
  private static final int READ_MILLIS = 3_000;

  private RouterPage() {}

  /** Reads a page. */
  static byte[] get(URI page) throws IOException {
    return exchange(page, Map.of(), null);
  }

  /** Calls an action; the answer of a refusal (500) too is an answer. */
  static byte[] post(URI page, String action, String body) throws IOException {
    return exchange(
        page,
        Map.of("Content-Type", "text/xml; charset=\"utf-8\"", "SOAPAction", action),
        body.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] exchange(URI page, Map<String, String> headers, byte @Nullable [] body)
      throws IOException {
    long end = System.nanoTime() + WHOLE.toNanos();
    if (!(page.toURL().openConnection(Proxy.NO_PROXY) instanceof HttpURLConnection http)) {
      throw new IOException("not a page of HTTP: " + page);
    }
    http.setInstanceFollowRedirects(false);
    http.setConnectTimeout(READ_MILLIS);
    http.setReadTimeout(READ_MILLIS);
    http.setUseCaches(false);
    http.setRequestProperty("Connection", "close");
    headers.forEach(http::setRequestProperty);
    try {
      if (body != null) {
        http.setDoOutput(true);
        http.setFixedLengthStreamingMode(body.length);
        try (var out = http.getOutputStream()) {
          out.write(body);
        }
      }
      int status = http.getResponseCode();
      if (status != HttpURLConnection.HTTP_OK && status != HttpURLConnection.HTTP_INTERNAL_ERROR) {
        throw new IOException("the router answers " + status + " to " + page);
      }
      var stream =
          status == HttpURLConnection.HTTP_OK ? http.getInputStream() : http.getErrorStream();
      if (stream == null) {
        throw new IOException("the router answers " + status + " and nothing else to " + page);
      }
      try (stream) {
        return read(stream, end);
      }
    } finally {
      http.disconnect();
    }
  }

  private static byte[] read(InputStream in, long end) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var buffer = new byte[4_096];
    while (true) {
      int n = in.read(buffer);
      if (n < 0) {
        return bytes.toByteArray();
      }
      bytes.write(buffer, 0, n);
      if (bytes.size() > MAX_BYTES) {
        throw new IOException("the router's page is larger than " + MAX_BYTES + " bytes");
      }
      if (System.nanoTime() - end > 0) {
        throw new IOException("the router's page took longer than " + WHOLE);
      }
    }
  }
}

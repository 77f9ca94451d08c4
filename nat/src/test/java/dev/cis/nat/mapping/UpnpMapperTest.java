package dev.cis.nat.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.cis.nat.proto.LeaseInput;
import dev.cis.nat.proto.LeaseInput.Granted;
import dev.cis.nat.proto.LeaseInput.Kept;
import dev.cis.nat.proto.LeaseInput.Missing;
import dev.cis.nat.proto.LeaseInput.Refusal;
import dev.cis.nat.proto.LeaseInput.Refused;
import dev.cis.transport.Address;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** UPnP against a small router: one with a table, and one that answers nonsense. */
class UpnpMapperTest {
  private static final int PORT = 7677;
  private static final Duration HOUR = Duration.ofHours(1);
  private static final String TYPE = "urn:schemas-upnp-org:service:WANIPConnection:1";

  private final InetAddress here = InetAddress.ofLiteral("127.0.0.1");
  private final Map<String, String> table = new ConcurrentHashMap<>(); // external port -> client
  private final Map<String, String> leases = new ConcurrentHashMap<>();
  private HttpServer server;
  private volatile String description = "";
  private volatile boolean onlyPermanent;
  private volatile String outside = "198.18.5.2";
  private UpnpMapper mapper;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(here, 0), 0);
    server.createContext("/desc.xml", exchange -> reply(exchange, 200, description));
    server.createContext(
        "/ctl",
        exchange -> {
          var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          var answer = act(body);
          reply(exchange, answer.startsWith("<errorCode>") ? 500 : 200, "<a>" + answer + "</a>");
        });
    server.start();
    description = describe("/ctl");
    mapper =
        new UpnpMapper(new Gateway("lo", here, here), PORT, () -> Optional.of(page("/desc.xml")));
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private URI page(String path) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
  }

  private static String describe(String control) {
    return """
    <root xmlns="urn:schemas-upnp-org:device-1-0"><device><serviceList>
    <service><serviceType>urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1</serviceType>
    <controlURL>/other</controlURL></service>
    <service><serviceType>%s</serviceType><controlURL>%s</controlURL></service>
    </serviceList></device></root>\
    """
        .formatted(TYPE, control);
  }

  private static void reply(com.sun.net.httpserver.HttpExchange exchange, int status, String text)
      throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    try (var out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  private String act(String body) {
    var port = value(body, "NewExternalPort");
    if (body.contains("GetExternalIPAddress")) {
      return "<NewExternalIPAddress>" + outside + "</NewExternalIPAddress>";
    } else if (body.contains("GetSpecificPortMappingEntry")) {
      var client = table.get(port);
      return client == null
          ? "<errorCode>714</errorCode>"
          : "<NewInternalPort>7677</NewInternalPort><NewInternalClient>"
              + client
              + "</NewInternalClient>";
    } else if (body.contains("AddPortMapping")) {
      var life = value(body, "NewLeaseDuration");
      if (onlyPermanent && !life.equals("0")) {
        return "<errorCode>725</errorCode>";
      }
      table.put(port, value(body, "NewInternalClient")); // overwrites, as bad routers do
      leases.put(port, life);
      return "";
    }
    table.remove(port);
    return "";
  }

  private static String value(String body, String name) {
    int from = body.indexOf("<" + name + ">");
    return from < 0 ? "" : body.substring(from + name.length() + 2, body.indexOf("</" + name));
  }

  private static void assertSilent(LeaseInput answer) {
    assertThat(answer)
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.why()).isEqualTo(Refusal.SILENT));
  }

  @Test
  void aMappingIsMadeSeenAndGivenBack() {
    var external = new Address("198.18.5.2", PORT);
    assertThat(mapper.ask(PORT, HOUR))
        .isEqualTo(
            new Granted(
                dev.cis.nat.proto.MappingProtocol.UPNP, external, HOUR, LeaseInput.NO_EPOCH));
    assertThat(table).containsEntry("7677", "127.0.0.1");
    assertThat(leases).containsEntry("7677", "3600");
    assertThat(mapper.check(PORT, HOUR))
        .isEqualTo(new Kept(dev.cis.nat.proto.MappingProtocol.UPNP, external));
    mapper.release(PORT);
    assertThat(table).isEmpty();
    assertThat(mapper.check(PORT, HOUR)).isInstanceOf(Missing.class);
  }

  @Test
  void anEntryOfAnotherHostIsNeitherOverwrittenNorDeleted() {
    table.put("7677", "127.0.0.99");
    assertThat(mapper.ask(PORT, HOUR))
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.why()).isEqualTo(Refusal.TAKEN));
    mapper.release(PORT);
    assertThat(table).containsEntry("7677", "127.0.0.99");
    assertThat(mapper.ask(7_700, HOUR)).isInstanceOf(Granted.class);
  }

  @Test
  void aRouterThatKnowsOnlyPermanentLeasesGetsOne() {
    onlyPermanent = true;
    assertThat(mapper.ask(PORT, HOUR)).isInstanceOf(Granted.class);
    assertThat(leases).containsEntry("7677", "0");
  }

  @Test
  void whatIsNoAddressIsNoGrant() {
    for (var text : new String[] {"", "0.0.0.0", "router.example", "::1", "1.2.3"}) {
      outside = text;
      assertThat(mapper.ask(PORT, HOUR)).as(text).isInstanceOf(Refused.class);
    }
  }

  @Test
  void aControlPageElsewhereIsNotCalled() {
    for (var control : new String[] {"http://127.0.0.2:1/ctl", "ftp://127.0.0.1/", "file:///x"}) {
      description = describe(control);
      assertSilent(mapper.ask(PORT, HOUR));
    }
  }

  @Test
  void garbageOversizedAndForeignEntitiesAreRefused() {
    var many = "<a>".repeat(200) + "</a>".repeat(200);
    for (var text :
        new String[] {
          "",
          "no xml",
          "<root>",
          "<root/>",
          many,
          "<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><r>&e;</r>",
          "<r>" + "x".repeat(RouterPage.MAX_BYTES) + "</r>"
        }) {
      description = text;
      assertSilent(mapper.ask(PORT, HOUR));
    }
    description = describe("/ctl");
    assertThat(mapper.ask(PORT, HOUR)).isInstanceOf(Granted.class);
  }

  @Test
  void onlyThePageOfTheRouterItselfIsBelieved() {
    for (var location :
        new String[] {
          "http://127.0.0.2/desc.xml",
          "https://127.0.0.1/desc.xml",
          "file:///etc/passwd",
          "http://u@127.0.0.1/",
          "%%"
        }) {
      assertThat(found(location)).as(location).isEmpty();
    }
    assertThat(found("http://127.0.0.1:5000/rootDesc.xml"))
        .contains(URI.create("http://127.0.0.1:5000/rootDesc.xml"));
  }

  private Optional<URI> found(String location) {
    byte[] answer =
        ("HTTP/1.1 200 OK\r\nST: x\r\nLOCATION: " + location + "\r\n\r\n")
            .getBytes(StandardCharsets.ISO_8859_1);
    return Ssdp.location(answer, answer.length, here);
  }
}

package dev.cis.nat.mapping;

import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.mapping.RouterXml.Service;
import dev.cis.nat.proto.LeaseInput;
import dev.cis.nat.proto.LeaseInput.Kept;
import dev.cis.nat.proto.LeaseInput.Missing;
import dev.cis.nat.proto.LeaseInput.Refusal;
import dev.cis.nat.proto.MappingProtocol;
import dev.cis.transport.Address;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * UPnP at one router: WANIPConnection:1 and 2 of the UPnP Forum. Some routers give a port that is
 * taken to whoever asks last, so it is looked at before; an entry of another host is neither
 * overwritten nor deleted.
 */
final class UpnpMapper implements Mapper {
  private static final Logger LOG = LoggerFactory.getLogger(UpnpMapper.class);
  private static final String NAME = "cis";
  private static final Pattern DOTTED_QUAD = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
  private static final String NO_SUCH_ENTRY = "714";
  private static final String CONFLICT = "718";
  private static final String ONLY_PERMANENT = "725";
  private static final MappingProtocol BY = MappingProtocol.UPNP;

  private final Gateway gateway;
  private final int internalPort;
  private final java.util.function.Supplier<Optional<URI>> description;
  private @Nullable Service service;

  UpnpMapper(
      Gateway gateway, int internalPort, java.util.function.Supplier<Optional<URI>> description) {
    this.gateway = gateway;
    this.internalPort = internalPort;
    this.description = description;
  }

  static UpnpMapper of(Gateway gateway, int internalPort) {
    return new UpnpMapper(gateway, internalPort, () -> Ssdp.find(gateway));
  }

  private enum Owner {
    NOBODY,
    US,
    ANOTHER
  }

  @Override
  public synchronized LeaseInput ask(int externalPort, Duration life) {
    try {
      var at = service();
      if (at.isEmpty()) {
        return Outcomes.silent(BY);
      }
      return ask(at.get(), externalPort, life);
    } catch (IOException e) {
      return failed(e);
    }
  }

  private LeaseInput ask(Service at, int externalPort, Duration life) throws IOException {
    if (owner(at, externalPort) == Owner.ANOTHER) {
      return Outcomes.refused(BY, Refusal.TAKEN, "port " + externalPort + " is another host's");
    }
    var error = add(at, externalPort, life);
    if (error.equals(ONLY_PERMANENT)) {
      error = add(at, externalPort, Duration.ZERO);
    }
    if (!error.isEmpty()) {
      return Outcomes.refused(
          BY,
          error.equals(CONFLICT) ? Refusal.TAKEN : Refusal.DENIED,
          "the router refuses: UPnP error " + error,
          outside(at));
    }
    if (owner(at, externalPort) == Owner.ANOTHER) {
      return Outcomes.refused(BY, Refusal.TAKEN, "port " + externalPort + " is another host's");
    }
    return Outcomes.granted(BY, outside(at), externalPort, life, LeaseInput.NO_EPOCH);
  }

  @Override
  public synchronized LeaseInput check(int externalPort, Duration life) {
    try {
      var at = service();
      if (at.isEmpty()) {
        return Outcomes.silent(BY);
      }
      return switch (owner(at.get(), externalPort)) {
        case NOBODY -> new Missing(BY);
        case ANOTHER ->
            Outcomes.refused(BY, Refusal.TAKEN, "port " + externalPort + " is another host's now");
        case US -> {
          var outside = outside(at.get());
          yield outside.isEmpty()
              ? Outcomes.refused(BY, Refusal.SILENT, "the router has no external address")
              : new Kept(
                  BY, Address.of(InetAddress.getByAddress(outside.toByteArray()), externalPort));
        }
      };
    } catch (IOException e) {
      return failed(e);
    }
  }

  @Override
  public synchronized void release(int externalPort) {
    var at = service;
    try {
      if (at != null && owner(at, externalPort) == Owner.US) {
        var _ = call(at, "DeletePortMapping", entry(externalPort));
      }
    } catch (IOException e) {
      LOG.debug("event=upnp-release-failed gateway={} reason=\"{}\"", gateway, e.getMessage());
    }
  }

  private LeaseInput failed(IOException e) {
    LOG.debug("event=upnp-failed gateway={} reason=\"{}\"", gateway, e.toString());
    service = null; // looked for again: a router that started anew may have it elsewhere
    return Outcomes.refused(BY, Refusal.SILENT, "UPnP fails: " + e.getMessage());
  }

  private Optional<Service> service() throws IOException {
    if (service == null) {
      var page = description.get();
      service =
          page.isEmpty()
              ? null
              : RouterXml.service(RouterPage.get(page.get()), page.get(), gateway.address())
                  .orElse(null);
    }
    return Optional.ofNullable(service);
  }

  private Owner owner(Service at, int externalPort) throws IOException {
    var answer = call(at, "GetSpecificPortMappingEntry", entry(externalPort));
    var host = answer.getOrDefault("NewInternalClient", "").strip();
    if (host.isEmpty()) {
      var error = answer.getOrDefault("errorCode", "").strip();
      if (!error.isEmpty() && !error.equals(NO_SUCH_ENTRY)) {
        LOG.debug("event=upnp-entry-unknown gateway={} error={}", gateway, error);
      }
      return Owner.NOBODY;
    }
    var port = answer.getOrDefault("NewInternalPort", "").strip();
    return host.equals(gateway.local().getHostAddress())
            && port.equals(Integer.toString(internalPort))
        ? Owner.US
        : Owner.ANOTHER;
  }

  /** The error code, or nothing. */
  private String add(Service at, int externalPort, Duration life) throws IOException {
    var values = entry(externalPort);
    values.put("NewInternalPort", Integer.toString(internalPort));
    values.put("NewInternalClient", gateway.local().getHostAddress());
    values.put("NewEnabled", "1");
    values.put("NewPortMappingDescription", NAME);
    values.put("NewLeaseDuration", Long.toString(life.toSeconds()));
    return call(at, "AddPortMapping", values).getOrDefault("errorCode", "").strip();
  }

  private static Map<String, String> entry(int externalPort) {
    var values = new LinkedHashMap<String, String>();
    values.put("NewRemoteHost", "");
    values.put("NewExternalPort", Integer.toString(externalPort));
    values.put("NewProtocol", "UDP");
    return values;
  }

  /** The router's external IPv4 address; empty if it says none. */
  private Bytes outside(Service at) throws IOException {
    var text =
        call(at, "GetExternalIPAddress", Map.of()).getOrDefault("NewExternalIPAddress", "").strip();
    // Java reads "1.2.3" as 1.2.0.3.
    if (!DOTTED_QUAD.matcher(text).matches()) {
      return Bytes.EMPTY;
    }
    try {
      return Bytes.of(Inet4Address.ofLiteral(text).getAddress());
    } catch (IllegalArgumentException e) {
      return Bytes.EMPTY;
    }
  }

  private static Map<String, String> call(Service at, String action, Map<String, String> values)
      throws IOException {
    var body = new StringBuilder();
    body.append("<?xml version=\"1.0\"?>\r\n<s:Envelope")
        .append(" xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"")
        .append(" s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body><u:")
        .append(action)
        .append(" xmlns:u=\"")
        .append(at.type())
        .append("\">");
    values.forEach((name, value) ->
        body.append('<')
            .append(name)
            .append('>')
            .append(value)
            .append("</")
            .append(name)
            .append('>'));
    body.append("</u:").append(action).append("></s:Body></s:Envelope>\r\n");
    return RouterXml.values(
        RouterPage.post(at.control(), '"' + at.type() + '#' + action + '"', body.toString()));
  }
}

package dev.cis.nat.mapping;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.parsers.SAXParserFactory;
import org.bitlet.weupnp.GatewayDevice;
import org.bitlet.weupnp.GatewayDeviceHandler;
import org.bitlet.weupnp.NameValueHandler;
import org.xml.sax.Attributes;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/**
 * Reads what a router writes, with weupnp's handlers. The library's own fetching is not used: it
 * has no limits, resolves external entities, follows redirects and believes anyone on the network.
 */
final class RouterXml {
  private RouterXml() {}

  /** A service that maps ports. */
  record Service(String type, URI control) {}

  /** The names and texts of an answer. */
  static Map<String, String> values(byte[] xml) throws IOException {
    var values = new HashMap<String, String>();
    parse(xml, new NameValueHandler(values));
    return values;
  }

  /**
   * The first service of a description that maps ports.
   *
   * @param page where the description was
   * @param router the only host that a control page may be on
   */
  static Optional<Service> service(byte[] xml, URI page, InetAddress router) throws IOException {
    var device = new GatewayDevice();
    parse(xml, new GatewayDeviceHandler(device));
    var type = device.getServiceType();
    var control = device.getControlURL();
    if (type == null
        || control == null
        || !type.matches("urn:schemas-upnp-org:service:WAN(IP|PPP)Connection:[12]")) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Service(type, page.resolve(control.strip())))
          .filter(service -> Ssdp.isAt(service.control, router));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static void parse(byte[] xml, DefaultHandler handler) throws IOException {
    try {
      var factory = SAXParserFactory.newDefaultNSInstance();
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      var parser = factory.newSAXParser();
      parser.parse(new InputSource(new ByteArrayInputStream(xml)), new WholeTexts(handler));
    } catch (SAXException | ParserConfigurationException | RuntimeException e) {
      throw new IOException("the router's XML cannot be read: " + e.getMessage(), e);
    }
  }

  /** A parser hands over a text in pieces, of which weupnp keeps the last: joins them. */
  private static final class WholeTexts extends DefaultHandler {
    private static final int DEEPEST = 64;

    private final DefaultHandler to;
    private final StringBuilder text = new StringBuilder();
    private int depth;

    WholeTexts(DefaultHandler to) {
      this.to = to;
    }

    @Override
    public void startElement(String uri, String local, String name, Attributes attributes)
        throws SAXException {
      flush();
      if (++depth > DEEPEST) {
        throw new SAXException("more than " + DEEPEST + " elements inside each other");
      }
      to.startElement(uri, local, name, attributes);
    }

    @Override
    public void endElement(String uri, String local, String name) throws SAXException {
      flush();
      depth--;
      to.endElement(uri, local, name);
    }

    @Override
    public void characters(char[] characters, int start, int length) {
      text.append(characters, start, length);
    }

    private void flush() throws SAXException {
      // Only the text right behind a tag is anyone's value; weupnp files the rest under "".
      if (!text.isEmpty()) {
        to.characters(text.toString().toCharArray(), 0, text.length());
        text.setLength(0);
      }
    }
  }
}

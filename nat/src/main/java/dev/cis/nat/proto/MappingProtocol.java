package dev.cis.nat.proto;

/** How a router is asked to let a port through, in the order in which it is tried. */
public enum MappingProtocol {
  /** Port Control Protocol, RFC 6887. */
  PCP("pcp"),
  /** NAT Port Mapping Protocol, RFC 6886. */
  NAT_PMP("nat-pmp"),
  /** WANIPConnection of the Internet Gateway Device, UPnP Forum. */
  UPNP("upnp");

  private final String text;

  MappingProtocol(String text) {
    this.text = text;
  }

  /** As it is shown. */
  public String text() {
    return text;
  }
}

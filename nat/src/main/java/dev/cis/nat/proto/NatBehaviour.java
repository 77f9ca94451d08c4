package dev.cis.nat.proto;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a translator or firewall between us and the internet does, as far as servers could tell (RFC
 * 4787 sections 4.1 and 5, RFC 5780 sections 4.3 and 4.4).
 *
 * @param servers what each server said, in the order in which they were given
 * @param translated whether we are seen under an address that is not ours; empty if no server
 *     answered
 * @param mapping on what the outside address and port of a socket depend
 * @param filtering on what it depends which packets are let in
 */
public record NatBehaviour(
    List<Seen> servers, Optional<Boolean> translated, Finding mapping, Finding filtering) {
  /** On what something depends. */
  public enum Dependence {
    /** On nothing: the same for all remote ends. */
    ENDPOINT_INDEPENDENT,
    /** On the remote address. */
    ADDRESS_DEPENDENT,
    /** On the remote address and port. */
    ADDRESS_AND_PORT_DEPENDENT;

    /** The word of the RFCs in small letters. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * What one server said.
   *
   * @param server where it was asked
   * @param mapped under which address and port it sees the socket; empty if it did not answer
   * @param other its second address and port, if it has them
   * @param rtt what the answer took, if that is certain
   */
  public record Seen(
      Endpoint server,
      Optional<Endpoint> mapped,
      Optional<Endpoint> other,
      Optional<java.time.Duration> rtt) {}

  /**
   * Something found out.
   *
   * @param possible what it can be; all three if nothing is known
   * @param why how that was found, or what would be needed to know more
   */
  public record Finding(Set<Dependence> possible, String why) {
    /** Copies the set. */
    public Finding {
      if (possible.isEmpty()) {
        throw new IllegalArgumentException("nothing is possible");
      }
      possible = java.util.Collections.unmodifiableSet(EnumSet.copyOf(possible));
    }

    /** Nothing is known. */
    static Finding unknown(String why) {
      return new Finding(EnumSet.allOf(Dependence.class), why);
    }

    /** What it is, if that is certain. */
    public Optional<Dependence> known() {
      return possible.size() == 1 ? Optional.of(possible.iterator().next()) : Optional.empty();
    }

    /** Whether it is certainly this. */
    public boolean is(Dependence dependence) {
      return possible.equals(Set.of(dependence));
    }

    /** Its word, or {@code unknown}, or the two that it can be. */
    public String word() {
      return possible.size() == Dependence.values().length
          ? "unknown"
          : possible.stream().map(Dependence::word).collect(Collectors.joining(" or "));
    }
  }

  /** Copies the list. */
  public NatBehaviour {
    servers = List.copyOf(servers);
  }

  /** Whether any server answered. */
  public boolean answered() {
    return servers.stream().anyMatch(seen -> seen.mapped.isPresent());
  }
}

package dev.cis.nat.mapping;

import dev.cis.kernel.wire.Bytes;
import dev.cis.nat.proto.LeaseInput;
import dev.cis.nat.proto.LeaseInput.Granted;
import dev.cis.nat.proto.LeaseInput.Refusal;
import dev.cis.nat.proto.LeaseInput.Refused;
import dev.cis.nat.proto.MappingProtocol;
import dev.cis.transport.Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;

/** What routers answer, in the words of the lease. */
final class Outcomes {
  // A router that promises nearly nothing would be asked all the time.
  private static final Duration SHORTEST = Duration.ofSeconds(20);

  private Outcomes() {}

  static LeaseInput silent(MappingProtocol by) {
    return new Refused(by, Refusal.SILENT, "the router does not answer " + by.text(), "");
  }

  static LeaseInput refused(MappingProtocol by, Refusal why, String reason) {
    return refused(by, why, reason, Bytes.EMPTY);
  }

  static LeaseInput refused(MappingProtocol by, Refusal why, String reason, Bytes outside) {
    var said = outside.isEmpty() ? "" : address(outside, 1).host();
    boolean nested = !said.isEmpty() && address(outside, 1).isPrivate();
    return new Refused(
        by,
        why,
        nested
            ? reason + "; its own address " + said + " is private: another router is before it"
            : reason,
        said);
  }

  static LeaseInput granted(MappingProtocol by, Bytes ip, int port, Duration life, long epoch) {
    if (port == 0 || isNone(ip)) {
      return refused(by, Refusal.DENIED, "the router has no external address");
    }
    if (life.compareTo(SHORTEST) < 0) {
      return refused(by, Refusal.DENIED, "the router grants only " + life.toSeconds() + " s");
    }
    return new Granted(by, address(ip, port), life, epoch);
  }

  private static boolean isNone(Bytes ip) {
    for (byte b : ip.toByteArray()) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private static Address address(Bytes ip, int port) {
    try {
      return Address.of(InetAddress.getByAddress(ip.toByteArray()), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
  }
}

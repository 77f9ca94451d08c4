package dev.cis.transport;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * Settings of this room, {@code [transport]} in the configuration file.
 *
 * @param listen the UDP addresses to bind, 1 to 8; port 0 takes a free one, the wildcard address
 *     stands for every interface
 * @param dialling how peers are reached
 * @param liveness how lost connections are noticed
 * @param limits what others may use of this node
 * @param wire how bytes travel
 * @param handshakes how connections are secured
 * @param bandwidth how many may
 * @param calling calls
 */
public record TransportConfig(
    List<InetSocketAddress> listen,
    Dialling dialling,
    Liveness liveness,
    Limits limits,
    Wire wire,
    Handshakes handshakes,
    Bandwidth bandwidth,
    Calling calling) {
  /** The defaults, on every interface and port 7677. */
  public static final TransportConfig DEFAULT =
      new TransportConfig(
          List.of(new InetSocketAddress(Address.DEFAULT_PORT)),
          Dialling.DEFAULT,
          Liveness.DEFAULT,
          Limits.DEFAULT,
          Wire.DEFAULT,
          Handshakes.DEFAULT,
          Bandwidth.DEFAULT,
          Calling.DEFAULT);

  /** Checks every setting; the message names the key. */
  public TransportConfig {
    listen = List.copyOf(listen);
    Rule.check(!listen.isEmpty() && listen.size() <= 8, "listen", "has 1 to 8 addresses");
  }

  /** The same with other listen addresses. */
  public TransportConfig withListen(InetSocketAddress... addresses) {
    return new TransportConfig(
        List.of(addresses), dialling, liveness, limits, wire, handshakes, bandwidth, calling);
  }

  /** The same, dialling in another way. */
  public TransportConfig with(Dialling other) {
    return new TransportConfig(
        listen, other, liveness, limits, wire, handshakes, bandwidth, calling);
  }

  /** The same, noticing lost connections in another way. */
  public TransportConfig with(Liveness other) {
    return new TransportConfig(
        listen, dialling, other, limits, wire, handshakes, bandwidth, calling);
  }

  /** The same with other limits. */
  public TransportConfig with(Limits other) {
    return new TransportConfig(
        listen, dialling, liveness, other, wire, handshakes, bandwidth, calling);
  }

  /** The same with another wire. */
  public TransportConfig with(Wire other) {
    return new TransportConfig(
        listen, dialling, liveness, limits, other, handshakes, bandwidth, calling);
  }

  /** The same, securing connections in another way. */
  public TransportConfig with(Handshakes other) {
    return new TransportConfig(listen, dialling, liveness, limits, wire, other, bandwidth, calling);
  }

  /** The same with other limits on bandwidth. */
  public TransportConfig with(Bandwidth other) {
    return new TransportConfig(
        listen, dialling, liveness, limits, wire, handshakes, other, calling);
  }

  /** The same with other settings for calls. */
  public TransportConfig with(Calling other) {
    return new TransportConfig(
        listen, dialling, liveness, limits, wire, handshakes, bandwidth, other);
  }

  /** The same with other times for noticing a lost connection. */
  public TransportConfig withIdle(Duration idle, Duration keepAliveEvery) {
    return with(
        new Liveness(
            idle,
            keepAliveEvery,
            liveness.recordLifetime(),
            liveness.watchEvery(),
            liveness.probeTimeout()));
  }

  /** The same with other pauses after failed dials. */
  public TransportConfig withBackoff(Duration min, Duration max) {
    return with(dialling.withBackoff(min, max));
  }

  /** The same with other limits on connections, without trimming, and on streams of a peer. */
  public TransportConfig withLimits(int connections, int inboundStreams) {
    var streams = limits.streams();
    return with(
        limits
            .with(
                new ConnectionLimits(
                    connections, connections, connections, limits.connections().gracePeriod()))
            .with(
                new StreamLimits(
                    inboundStreams,
                    streams.maxStreamsPerProtocol(),
                    streams.maxStreamRate(),
                    streams.maxFrame())));
  }

  /** The same with other flow-control windows, in bytes. */
  public TransportConfig withWindows(int stream, int connection) {
    return with(new Wire(stream, connection, wire.maxDatagram()));
  }
}

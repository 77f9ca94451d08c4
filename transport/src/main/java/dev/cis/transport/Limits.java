package dev.cis.transport;

/**
 * What others may use of this node. Each is counted in {@link Usage}.
 *
 * @param connections how many connections there are
 * @param sources how many connections come from where
 * @param streams what one peer may do on its connection
 * @param resources memory and file descriptors
 */
public record Limits(
    ConnectionLimits connections,
    SourceLimits sources,
    StreamLimits streams,
    ResourceLimits resources) {
  /** The defaults. */
  public static final Limits DEFAULT =
      new Limits(
          ConnectionLimits.DEFAULT,
          SourceLimits.DEFAULT,
          StreamLimits.DEFAULT,
          ResourceLimits.DEFAULT);

  /** The same with other limits on connections. */
  public Limits with(ConnectionLimits other) {
    return new Limits(other, sources, streams, resources);
  }

  /** The same with other limits on where connections come from. */
  public Limits with(SourceLimits other) {
    return new Limits(connections, other, streams, resources);
  }

  /** The same with other limits on streams. */
  public Limits with(StreamLimits other) {
    return new Limits(connections, sources, other, resources);
  }

  /** The same with other limits on memory and files. */
  public Limits with(ResourceLimits other) {
    return new Limits(connections, sources, streams, other);
  }

  /** Live connections and peers being dialled. */
  public int maxConnections() {
    return connections.maxConnections();
  }

  /** Streams that one peer may have open to us. */
  public int maxInboundStreams() {
    return streams.maxInboundStreams();
  }

  /** Largest message on a stream, in bytes. */
  public int maxFrame() {
    return streams.maxFrame();
  }
}

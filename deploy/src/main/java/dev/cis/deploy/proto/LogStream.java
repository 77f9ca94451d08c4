package dev.cis.deploy.proto;

/** Where a line was written. */
public enum LogStream {
  /** The application's standard output. */
  STDOUT,
  /** The application's standard error. */
  STDERR,
  /** What the node did with the application: started, healthy, exited, and hooks' output. */
  EVENTS
}

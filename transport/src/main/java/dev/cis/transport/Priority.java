package dev.cis.transport;

/**
 * Which bytes go first where they wait for the same thing: for the link, and for a bandwidth limit.
 */
public enum Priority {
  /** What keeps the network together: greetings, pings, routing. Waits for no bandwidth limit. */
  CONTROL,
  /** What somebody waits for; everything that is not declared otherwise. */
  INTERACTIVE,
  /** What may take its time: files and large exchanges. */
  BULK
}

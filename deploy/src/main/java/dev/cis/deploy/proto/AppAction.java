package dev.cis.deploy.proto;

/** What an operator can tell a node to do with one application, at once. */
public enum AppAction {
  /** Run it, now and after every restart of the node. */
  START,
  /** Stop it, now and after every restart of the node. */
  STOP,
  /** Stop it and start it again. */
  RESTART,
  /** Stop it and delete its versions and logs on that node. */
  REMOVE
}

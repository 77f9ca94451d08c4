package dev.cis.deploy.proto;

/** What an operator can tell a node to do with one application, at once. */
public enum AppAction {
  /** Run it, now and after every restart of the node. */
  START(1),
  /** Stop it, now and after every restart of the node. */
  STOP(2),
  /** Stop it and start it again. */
  RESTART(3),
  /** Stop it and delete its versions and logs on that node. */
  REMOVE(4);

  final int number;

  AppAction(int number) {
    this.number = number;
  }

  static AppAction of(int number) {
    for (var value : values()) {
      if (value.number == number) {
        return value;
      }
    }
    throw new IllegalArgumentException("no AppAction has the number " + number);
  }
}

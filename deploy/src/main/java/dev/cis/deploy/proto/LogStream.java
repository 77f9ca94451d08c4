package dev.cis.deploy.proto;

/** Where a line was written. */
public enum LogStream {
  /** The application's standard output. */
  STDOUT(1),
  /** The application's standard error. */
  STDERR(2),
  /** What the node did with the application: started, healthy, exited, and hooks' output. */
  EVENTS(3);

  final int number;

  LogStream(int number) {
    this.number = number;
  }

  static LogStream of(int number) {
    for (var value : values()) {
      if (value.number == number) {
        return value;
      }
    }
    throw new IllegalArgumentException("no LogStream has the number " + number);
  }
}

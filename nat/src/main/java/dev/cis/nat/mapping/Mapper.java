package dev.cis.nat.mapping;

import dev.cis.nat.proto.LeaseInput;
import java.time.Duration;

/** One protocol at one router. Blocks until there is an answer, at most some seconds. */
interface Mapper {
  /** Asks for the mapping or for it to last longer: Granted or Refused. */
  LeaseInput ask(int externalPort, Duration life);

  /** Asks whether it is still there. */
  LeaseInput check(int externalPort, Duration life);

  /** Gives it back, if the router still answers. */
  void release(int externalPort);
}

package dev.cis.deploy;

import java.time.Duration;

/**
 * How a deployment is carried out on each node.
 *
 * @param running whether the application is to run; false only installs it
 * @param autoRollback whether a node goes back to its previous version when the new one is not
 *     healthy in time
 * @param healthyDeadline time for the new version to become healthy
 * @param minHealthy how long it must stay healthy before the previous version is given up
 */
public record DeployOptions(
    boolean running, boolean autoRollback, Duration healthyDeadline, Duration minHealthy) {
  /** Run it; 5 minutes to become healthy, 10 s healthy to be believed, else roll back. */
  public static final DeployOptions DEFAULT =
      new DeployOptions(true, true, Duration.ofMinutes(5), Duration.ofSeconds(10));

  /** Checks the times. */
  public DeployOptions {
    if (healthyDeadline.isNegative() || healthyDeadline.isZero() || minHealthy.isNegative()) {
      throw new IllegalArgumentException("healthyDeadline and minHealthy are not negative");
    }
  }
}

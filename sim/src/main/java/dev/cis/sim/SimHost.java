package dev.cis.sim;

import dev.cis.kernel.time.Machine;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Runs one machine in a simulation: what {@code Loop} is in the real world.
 *
 * @param <I> the machine's inputs
 * @param <O> the machine's outputs
 */
public final class SimHost<I, O> {
  private final Simulation simulation;
  private final Consumer<O> effects;
  private Machine<I, O> machine;
  private boolean up = true;
  private long life;
  private Duration armed = Machine.NEVER;

  /** Starts a machine; its outputs go to {@code effects} at once. */
  public SimHost(Simulation simulation, Machine<I, O> machine, Consumer<O> effects) {
    this.simulation = simulation;
    this.machine = machine;
    this.effects = effects;
    arm();
  }

  /** Gives the machine an input; nothing happens while it is crashed. */
  public void on(I input) {
    if (up) {
      machine.on(simulation.now(), input, effects);
      arm();
    }
  }

  /** The machine, to look at its state. */
  public Machine<I, O> machine() {
    return machine;
  }

  /** Whether it is running. */
  public boolean isUp() {
    return up;
  }

  /** Stops the machine in the middle of whatever it was doing; its memory is lost. */
  public void crash() {
    up = false;
    life++;
    armed = Machine.NEVER;
  }

  /** Starts again with another machine: a fresh one, or one that read its stored state. */
  public void restart(Machine<I, O> next) {
    crash();
    machine = next;
    up = true;
    arm();
  }

  private void arm() {
    var wakeAt = machine.wakeAt();
    if (wakeAt.compareTo(Machine.NEVER) >= 0 || wakeAt.compareTo(armed) >= 0) {
      return;
    }
    armed = wakeAt;
    long armedIn = life;
    simulation.at(wakeAt, () -> wake(armedIn, wakeAt));
  }

  private void wake(long armedIn, Duration at) {
    if (armedIn != life || !armed.equals(at)) {
      return; // it crashed, or an earlier alarm came in between
    }
    armed = Machine.NEVER;
    var now = simulation.now();
    if (machine.wakeAt().compareTo(now.uptime()) <= 0) {
      machine.tick(now, effects);
      if (machine.wakeAt().compareTo(now.uptime()) <= 0) {
        // A machine that wants to wake in the past again would stop virtual time for ever.
        throw new IllegalStateException(
            machine.getClass().getSimpleName()
                + " wants to wake at "
                + machine.wakeAt()
                + " again");
      }
    }
    arm();
  }
}

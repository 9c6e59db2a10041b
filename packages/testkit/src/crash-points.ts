/** Stands for SIGKILL: from the throw on nothing of this life may write. */
export class SimulatedCrash extends Error {
  constructor(point: string) {
    super(`killed: ${point}`);
    this.name = "SimulatedCrash";
  }
}

/**
 * Kills a simulated process at one chosen write. Everything durable calls `pass` right after it wrote: to be killed before a write
 * is to be killed after the one before it. Whatever is called after the kill throws as well, until `restart`, since a dead
 * process writes nothing.
 */
export class CrashPoints {
  #left = Number.POSITIVE_INFINITY;
  #dead: string | undefined;

  /** Kills at the `number`th point from now, counted from 0; without a number never. */
  plan(number: number = Number.POSITIVE_INFINITY): void {
    this.#left = number;
  }

  /** A new process begins, and nothing kills it before `plan` says so. */
  restart(): void {
    this.#dead = undefined;
    this.plan();
  }

  get isDead(): boolean {
    return this.#dead !== undefined;
  }

  /** Call before writing. @throws SimulatedCrash where this life has ended */
  assertAlive(): void {
    if (this.#dead !== undefined) throw new SimulatedCrash(this.#dead);
  }

  /** Call after writing, with words for what was written. @throws SimulatedCrash where this life ends here */
  pass(point: string): void {
    this.assertAlive();
    if (this.#left > 0) {
      this.#left -= 1;
      return;
    }
    this.#dead = `after ${point}`;
    throw new SimulatedCrash(this.#dead);
  }
}

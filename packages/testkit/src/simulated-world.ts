import { CrashPoints } from "./crash-points.ts";

type Change = "begin" | "finish" | "remove";

/**
 * A world that outlives every simulated crash and forgives nothing. An effect is made in two writes, so that a crash can fall
 * between; making what is there already, or taking away what a later effect stands on, is noted in `broken`.
 */
export class SimulatedWorld {
  readonly crashes: CrashPoints;
  /** What should never have happened, in words. */
  readonly broken: string[] = [];
  readonly #effects = new Map<string, "partial" | "present">();
  readonly #onChange: (change: Change, effect: string) => void;

  /** `onChange` is told before each write: a test can look there at what else is true at that moment. */
  constructor(crashes = new CrashPoints(), onChange: (change: Change, effect: string) => void = () => undefined) {
    this.crashes = crashes;
    this.#onChange = onChange;
  }

  find(effect: string): "absent" | "partial" | "present" {
    return this.#effects.get(effect) ?? "absent";
  }

  /** Every effect that is there in part or whole, in the order of their making. */
  look(): Readonly<Record<string, "partial" | "present">> {
    return Object.fromEntries(this.#effects);
  }

  make(effect: string): void {
    if (this.find(effect) === "present") this.broken.push(`${effect} was made twice`);
    this.begin(effect);
    this.#write("finish", effect, () => this.#effects.set(effect, "present"));
  }

  /** Makes the first half only: what a step leaves that fails in the middle. */
  begin(effect: string): void {
    if (this.find(effect) === "absent") this.#write("begin", effect, () => this.#effects.set(effect, "partial"));
  }

  /** Takes an effect away; what is not there stays so. */
  remove(effect: string): void {
    if (this.find(effect) === "absent") return;
    const newest = [...this.#effects.keys()].at(-1);
    if (newest !== effect) this.broken.push(`${effect} was taken away under ${newest}`);
    if (this.find(effect) === "present") this.#write("remove", effect, () => this.#effects.set(effect, "partial"));
    this.#write("remove", effect, () => this.#effects.delete(effect));
  }

  #write(change: Change, effect: string, write: () => void): void {
    this.crashes.assertAlive();
    this.#onChange(change, effect);
    write();
    this.crashes.pass(`${change} ${effect}`);
  }
}

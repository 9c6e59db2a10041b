import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";

/** What is once on the ledger stays there: nobody fills it with words. */
const NOTES = 120;
const WITHIN_MS = 3_600_000;

/** How many notes there were lately, whoever's they were. */
export class NoteCount {
  #atMs: number[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws InstarError RATE_LIMITED */
  add(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#atMs = this.#atMs.filter((atMs) => atMs > nowMs - WITHIN_MS);
    const [oldest] = this.#atMs;
    if (oldest !== undefined && this.#atMs.length >= NOTES)
      throw new InstarError("RATE_LIMITED", `${NOTES} notes an hour stand on the ledger, and no more`, {
        facts: { retryAfterSeconds: Math.ceil((oldest + WITHIN_MS - nowMs) / 1_000) },
        transient: true,
        advice: "What happens often belongs in the agent's own log, or in its metrics.",
      });
    this.#atMs.push(nowMs);
  }
}

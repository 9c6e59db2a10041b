import type { Clock } from "../../platform/clock.ts";

/** Long enough to find the key in a bag, short enough that a page left open is no blank cheque. */
export const CHALLENGE_MS = 300_000;
/** Of one person at a time: who asks again and again pushes out his own and nobody else's. */
const MOST_OF_ONE = 8;

interface Pending<What> {
  readonly what: What;
  readonly until: number;
}

/**
 * What was asked of people's passkeys and not answered yet, each to be answered once. In memory alone: a daemon that starts again has asked nobody, and whoever
 * was about to sign is asked anew. Time is the process's own: a clock that is set back makes no challenge last.
 */
export class PendingChallenges<What> {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #pending = new Map<string, Map<string, Pending<What>>>();

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  add(person: string, challenge: string, what: What): void {
    const own = this.#pending.get(person) ?? new Map<string, Pending<What>>();
    const [longest] = own.keys();
    if (own.size >= MOST_OF_ONE && longest !== undefined) own.delete(longest);
    own.set(challenge, { what, until: this.#clock.monotonicMs() + CHALLENGE_MS });
    this.#pending.set(person, own);
  }

  /** What was asked of this person so, if it was and is not over; it is used up with that, whatever comes of it. */
  take(person: string, challenge: string): What | undefined {
    const own = this.#pending.get(person);
    const found = own?.get(challenge);
    own?.delete(challenge);
    if (own?.size === 0) this.#pending.delete(person);
    return found !== undefined && this.#clock.monotonicMs() < found.until ? found.what : undefined;
  }
}

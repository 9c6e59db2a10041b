import { InstarError } from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import { transact } from "../database/open-database.ts";
import { type Failures, NO_FAILURES, TRIES, throttleFailures } from "../governance/access/throttle-failures.ts";

/** What was shown and does not count: a token, a session of the console, a login code. */
export interface Refused {
  /** What it was, in a word or two. */
  readonly what: string;
  readonly why: string;
  /** The token that was meant, where there is such a one. */
  readonly token: { readonly id: string; readonly name: string } | null;
}

/** As many as an episode begins with. */
const MOST_SEEN = TRIES + 1;

/** Tries that failed. Who tried hears nothing of why; the daemon's log does, and the ledger of an episode. */
export class Refusals {
  readonly #parts: { readonly instance: Instance; readonly say: (line: string) => void };
  #failures: Failures = NO_FAILURES;
  /** The newest, and which of the tokens that there are were meant. */
  #seen: { why: string; token: string | null }[] = [];

  constructor(parts: { readonly instance: Instance; readonly say: (line: string) => void }) {
    this.#parts = parts;
  }

  add({ what, why, token }: Refused): InstarError {
    const throttled = throttleFailures(this.#failures, this.#parts.instance.rooms.clock.monotonicMs());
    this.#failures = throttled.failures;
    this.#seen = [...this.#seen, { why, token: token?.id ?? null }].slice(-MOST_SEEN);
    if (throttled.retryAfterMs === null) {
      this.#parts.say(`somebody was not let in: ${token === null ? `${what} that is ${why}` : `the token ${token.name} (${token.id}): ${why}`}`);
      return unauthorized();
    }
    if (throttled.beginsEpisode) this.#record();
    const retryAfterSeconds = Math.ceil(throttled.retryAfterMs / 1_000);
    return new InstarError("RATE_LIMITED", "too many tries with what does not count", {
      facts: { retryAfterSeconds },
      transient: true,
      advice: `What counts is let in at any time. Try another in ${retryAfterSeconds} s.`,
    });
  }

  #record(): void {
    const { instance, say } = this.#parts;
    const description = "tokens that do not count were shown again and again; whoever goes on is told to wait";
    say(description);
    try {
      transact(instance.database, () =>
        instance.ledger.append({
          event: "ACCESS_REFUSED",
          actor: { type: "system", id: "daemon" },
          description,
          success: false,
          details: { reasons: [...new Set(this.#seen.map(({ why }) => why))], tokens: [...new Set(this.#seen.flatMap(({ token }) => token ?? []))] },
        }),
      );
    } catch (error) {
      if (!InstarError.is(error, "DISK_FULL")) throw error;
    }
  }
}

/** One answer for all of them: nobody learns by trying which tokens there are or were. */
export function unauthorized(): InstarError {
  return new InstarError("UNAUTHORIZED", "the token is missing or wrong", {
    advice: "Send `Authorization: Bearer …` with a token that lives, or with that of the instance's data folder.",
  });
}

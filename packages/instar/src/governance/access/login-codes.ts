import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import type { Caller } from "./caller.ts";

export type TakenCode = { readonly kind: "known"; readonly caller: Caller } | { readonly kind: "refused"; readonly why: "unknown" | "used" | "too old" };

interface Code {
  readonly digest: Buffer;
  readonly caller: Caller;
  readonly untilMs: number;
  isUsed: boolean;
}

const LIVES_MS = 120_000;
/** How long one that no longer counts is still told from a guess. */
const REMEMBERED_MS = 600_000;
/** Of one token: whoever asks for more loses his oldest, and nobody else's. */
const MOST_EACH = 5;

/**
 * What a person carries from a terminal into a browser: it stands in an address, and with it in a browser's history, so it opens one session, once, within two
 * minutes. In memory only: a code that a restart forgets is asked for again.
 */
export class LoginCodes {
  readonly #clock: Clock;
  #codes: readonly Code[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  make(caller: Caller): { readonly code: string; readonly expiresAt: string } {
    const nowMs = this.#clock.monotonicMs();
    const code = randomBytes(32).toString("base64url");
    const kept = this.#codes.filter(({ untilMs }) => nowMs < untilMs + REMEMBERED_MS);
    const [own, others] = [kept.filter((each) => each.caller.token === caller.token), kept.filter((each) => each.caller.token !== caller.token)];
    this.#codes = [...others, ...own.slice(1 - MOST_EACH), { digest: digestOf(code), caller, untilMs: nowMs + LIVES_MS, isUsed: false }];
    return { code, expiresAt: new Date(this.#clock.wallMs() + LIVES_MS).toISOString() };
  }

  /** Takes it, so that it counts no more. In constant time: every one that there is is looked at. */
  take(shown: string): TakenCode {
    const digest = digestOf(shown);
    const found = this.#codes.filter((code) => timingSafeEqual(code.digest, digest))[0];
    if (found === undefined) return { kind: "refused", why: "unknown" };
    if (found.isUsed) return { kind: "refused", why: "used" };
    found.isUsed = true;
    return this.#clock.monotonicMs() < found.untilMs ? { kind: "known", caller: found.caller } : { kind: "refused", why: "too old" };
  }
}

const digestOf = (text: string) => createHash("sha256").update(text).digest();

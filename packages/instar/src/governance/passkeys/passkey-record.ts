import type { Facts } from "../../database/facts.ts";
import type { Passkey } from "./passkey.ts";

/** What is remembered of a passkey beside its line. */
export interface PasskeyMemory {
  /** The highest count that its authenticator gave; 0 of those that do not count. */
  readonly counter: number;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
}

const NOTHING: PasskeyMemory = { counter: 0, lastUsedAt: null, revokedAt: null, revokedBy: null };
const nameOf = (id: string) => `passkey:${id}`;

export const recallPasskey = (facts: Pick<Facts, "read">, id: string): PasskeyMemory => facts.read<PasskeyMemory>(nameOf(id)) ?? NOTHING;

/** In the caller's transaction. */
export function noteUse(facts: Facts, id: string, { counter, at }: { readonly counter: number; readonly at: string }): void {
  facts.write(nameOf(id), { ...recallPasskey(facts, id), counter, lastUsedAt: at });
}

/** In the caller's transaction. For good: nothing takes it back, and the same id never counts again. */
export function noteRevoked(facts: Facts, id: string, { by, at }: { readonly by: string; readonly at: string }): void {
  facts.write(nameOf(id), { ...recallPasskey(facts, id), revokedAt: at, revokedBy: by });
}

/** Those whose word counts: pinned, not revoked, and each id once, since two lines with one id would leave open whose it is. */
export function listLiving(passkeys: readonly Passkey[], facts: Pick<Facts, "read">): Passkey[] {
  return passkeys.filter(({ id }) => recallPasskey(facts, id).revokedAt === null && passkeys.filter((other) => other.id === id).length === 1);
}

/**
 * Whether an authenticator's count goes on from the last one (WebAuthn §6.1.1). One that does not go up shows a copy of the key; those that stay at 0 do not count.
 */
export const isCounterAhead = (counter: number, { counter: last }: PasskeyMemory): boolean => (counter === 0 && last === 0) || counter > last;

import { createHash, timingSafeEqual } from "node:crypto";
import { type Implementations, InstarError } from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import type { Daemon } from "../daemon/run-daemon.ts";
import { transact } from "../database/open-database.ts";
import { assertMay } from "../governance/access/assert-may.ts";
import type { Caller } from "../governance/access/caller.ts";
import { type Failures, NO_FAILURES, TRIES, throttleFailures } from "../governance/access/throttle-failures.ts";
import { TokenStore, type Verified, type WhyRefused } from "../governance/access/token-store.ts";
import { newId } from "../update/new-id.ts";
import { BackupJobs } from "./backup-jobs.ts";
import type { OperationRooms } from "./context.ts";
import { implementOperations } from "./implement.ts";
import { readDoorRole } from "./read-door-role.ts";

export interface EntranceParts {
  readonly instance: Instance;
  /** Undefined where a face reads the disk while none runs. */
  readonly daemon: Daemon | undefined;
  readonly versions: OperationRooms["versions"];
  /** What the ledger calls whoever comes through the instance's own door. */
  readonly operator: string;
  /** What is shown at that door, made anew at each start; null without a daemon: it is the process's own user then. */
  readonly doorToken: string | null;
  readonly say: (line: string) => void;
}

/** Where every face lets people in: who it is, whether it may, and what does it. */
export interface Entrance {
  /** @param shown the token that was shown; null where none was. @throws InstarError UNAUTHORIZED, RATE_LIMITED */
  admit(shown: string | null): Promise<Caller>;
  /** Whoever comes through the instance's own door. */
  owner(): Promise<Caller>;
  /** @throws InstarError FORBIDDEN */
  assertMay(caller: Caller, operation: string): Promise<void>;
  implement(caller: Caller): Implementations;
}

export function openEntrance(parts: EntranceParts): Entrance {
  const { instance, daemon, versions, operator } = parts;
  const { clock } = instance.rooms;
  const tokens = new TokenStore({ database: instance.database, clock, newId });
  const signal = daemon?.over ?? new AbortController().signal;
  const rooms: OperationRooms = { instance, daemon, versions, tokens, backupJobs: new BackupJobs({ clock, newId, signal }) };
  const owner = async (): Promise<Caller> => ({ name: operator, role: (await readDoorRole(instance)).role, token: null, scope: null });
  const refusals = new Refusals(parts);
  return {
    owner,
    admit: async (shown) => {
      if (shown === null) throw unauthorized();
      if (parts.doorToken !== null && isSame(shown, parts.doorToken)) return owner();
      const verified = tokens.verify(shown);
      if (daemon !== undefined) noteUse(instance, tokens, verified);
      if (verified.kind === "refused") throw refusals.add(verified);
      const { name, role, id, scope } = verified.token;
      return { name, role, token: id, scope };
    },
    assertMay: async (caller, operation) => assertMay(caller, operation, await instance.rooms.readPolicies()),
    implement: (caller) => implementOperations({ ...rooms, caller, actor: { type: caller.role === "agent" ? "agent" : "user", id: caller.name } }),
  };
}

/** Of equal length whatever was shown, so that not even a length is learnt. */
function isSame(shown: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(shown), digest(wanted));
}

/** A use that could not be written down keeps nobody out. */
function noteUse({ database }: Instance, tokens: TokenStore, verified: Verified): void {
  const token = tokens.planNote(verified);
  if (token === undefined) return;
  try {
    transact(database, () => tokens.noteUse(token));
  } catch (error) {
    if (!InstarError.is(error, "DISK_FULL")) throw error;
  }
}

/** As many as an episode begins with. */
const MOST_SEEN = TRIES + 1;

/** Tries that failed. Who tried hears nothing of why; the daemon's log does, and the ledger of an episode. */
class Refusals {
  readonly #parts: EntranceParts;
  #failures: Failures = NO_FAILURES;
  /** The newest, and which of the tokens that there are were meant. */
  #seen: { why: WhyRefused; token: string | null }[] = [];

  constructor(parts: EntranceParts) {
    this.#parts = parts;
  }

  add({ why, token }: Extract<Verified, { kind: "refused" }>): InstarError {
    const throttled = throttleFailures(this.#failures, this.#parts.instance.rooms.clock.monotonicMs());
    this.#failures = throttled.failures;
    this.#seen = [...this.#seen, { why, token: token?.id ?? null }].slice(-MOST_SEEN);
    if (throttled.retryAfterMs === null) {
      this.#parts.say(`somebody was not let in: ${token === null ? `a token that is ${why}` : `the token ${token.name} (${token.id}): ${why}`}`);
      return unauthorized();
    }
    if (throttled.beginsEpisode) this.#record();
    const retryAfterSeconds = Math.ceil(throttled.retryAfterMs / 1_000);
    return new InstarError("RATE_LIMITED", "too many tries with a wrong token", {
      facts: { retryAfterSeconds },
      transient: true,
      advice: `A token that counts is let in at any time. Try another one in ${retryAfterSeconds} s.`,
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
function unauthorized(): InstarError {
  return new InstarError("UNAUTHORIZED", "the token is missing or wrong", {
    advice: "Send `Authorization: Bearer …` with a token that lives, or with that of the instance's data folder.",
  });
}

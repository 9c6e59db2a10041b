import { createHash, timingSafeEqual } from "node:crypto";
import { type Implementations, InstarError } from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import type { Daemon } from "../daemon/run-daemon.ts";
import { transact } from "../database/open-database.ts";
import { assertMay } from "../governance/access/assert-may.ts";
import type { Caller } from "../governance/access/caller.ts";
import { LoginCodes } from "../governance/access/login-codes.ts";
import { TokenStore, type Verified } from "../governance/access/token-store.ts";
import { PendingChallenges } from "../governance/passkeys/pending-challenges.ts";
import { newId } from "../update/new-id.ts";
import { BackupJobs } from "./backup-jobs.ts";
import { CodeChecks } from "./code-checks.ts";
import { ConsoleDoor } from "./console-door.ts";
import type { OperationRooms } from "./context.ts";
import { EventStreams } from "./event-streams.ts";
import { implementOperations } from "./implement.ts";
import { NoteCount } from "./note-count.ts";
import { readDoorRole } from "./read-door-role.ts";
import { Refusals, unauthorized } from "./refusals.ts";

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
  /** Whoever comes with a browser. */
  readonly console: ConsoleDoor;
  /** What happens, told as it happens. */
  readonly events: EventStreams;
  /** @throws InstarError FORBIDDEN */
  assertMay(caller: Caller, operation: string): Promise<void>;
  implement(caller: Caller): Implementations;
}

export function openEntrance(parts: EntranceParts): Entrance {
  const { instance, daemon, versions, operator } = parts;
  const { clock } = instance.rooms;
  const tokens = new TokenStore({ database: instance.database, clock, newId });
  const signal = daemon?.over ?? new AbortController().signal;
  const loginCodes = new LoginCodes(clock);
  const desks = { backupJobs: new BackupJobs({ clock, newId, signal }), codeChecks: new CodeChecks({ clock, newId }), noteCount: new NoteCount(clock) };
  const rooms: OperationRooms = { instance, daemon, versions, tokens, loginCodes, ...desks, pendingPasskeys: new PendingChallenges(clock) };
  const owner = async (): Promise<Caller> => ({ name: operator, role: (await readDoorRole(instance)).role, token: null, scope: null });
  const refusals = new Refusals(parts);
  const admit = async (shown: string | null): Promise<Caller> => {
    if (shown === null) throw unauthorized();
    if (parts.doorToken !== null && isSame(shown, parts.doorToken)) return owner();
    const verified = tokens.verify(shown);
    if (daemon !== undefined) noteUse(instance, tokens, verified);
    if (verified.kind === "refused") throw refusals.add({ what: "a token", ...verified });
    const { name, role, id, scope } = verified.token;
    return { name, role, token: id, scope };
  };
  const console = new ConsoleDoor({ instance, tokens, codes: loginCodes, refusals, admitToken: admit, owner });
  /** The door's own token lives as long as its daemon. */
  const isStillIn = ({ session, token }: Caller) =>
    session === undefined ? token === null || tokens.findLiving(token) !== undefined : console.isStillIn(session);
  return {
    owner,
    admit,
    console,
    events: new EventStreams({ ...rooms, signal, isStillIn }),
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

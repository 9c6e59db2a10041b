import { existsSync } from "node:fs";
import { join } from "node:path";
import { type InputOf, InstarError, type OutputOf } from "@instar/protocol";
import { openDatabase } from "../database/open-database.ts";
import { parseExpiry } from "../governance/access/parse-expiry.ts";
import { parseScope } from "../governance/access/parse-scope.ts";
import { TokenStore } from "../governance/access/token-store.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { Clock } from "../platform/clock.ts";
import type { Settings } from "../settings/settings.ts";
import { newId } from "../update/new-id.ts";
import { assertNoAdmin, createToken } from "./create-token.ts";

export interface FirstToken {
  readonly settings: Settings;
  /** The instance's data folder. */
  readonly folder: string;
  readonly clock: Clock;
  /** What the ledger calls who makes it. */
  readonly operator: string;
  readonly input: InputOf<"token.create">;
}

/**
 * Where the door lets nobody make a token, whoever owns the data folder makes the first: he could write the database anyway. A daemon that runs meanwhile
 * finds the entry and what is to be told in its outboxes.
 *
 * @throws InstarError FORBIDDEN where a token of role admin lives, NOT_RUNNING where the instance has never run
 */
export function createFirstToken({ settings, folder, clock, operator, input }: FirstToken): OutputOf<"token.create"> {
  const path = join(folder, "instar.db");
  if (!existsSync(path)) throw new InstarError("NOT_RUNNING", `${settings.name} has never run here`, { facts: { folder }, advice: "Run `instar up` first." });
  const { name, role, scope } = input;
  const database = openDatabase(path);
  try {
    const tokens = new TokenStore({ database, clock, newId });
    const ledger = new Ledger({ database, folder: join(folder, "ledger"), now: () => clock.wallMs(), key: null });
    return createToken({ name: settings.name, settings, database, ledger, rooms: { clock } }, tokens, {
      ...{ name, role, scope: parseScope(scope, role), expiresAt: parseExpiry(input.expires, clock.wallMs()) },
      actor: { type: "user", id: operator },
      how: ", in the database itself",
      assertAllowed: () => assertNoAdmin(tokens),
    });
  } finally {
    database.close();
  }
}

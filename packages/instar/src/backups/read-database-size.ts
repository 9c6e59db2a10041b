import { stat } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import type { DatabaseSettings } from "../settings/backup-settings.ts";
import { type DatabaseRoom, lastWords, outcomeOf, runTool, sqlitePathOf, urlOf } from "./database-room.ts";
import { planSizeQuestion } from "./plan-postgres-tool.ts";

/**
 * Bytes that a dump may take at most; undefined where nobody says.
 *
 * @throws InstarError BACKUP_FAILED where the database does not answer
 */
export async function readDatabaseSize(database: DatabaseSettings, room: DatabaseRoom): Promise<number | undefined> {
  if (database.kind === "sqlite") return (await stat(sqlitePathOf(database.path, room)).catch(() => undefined))?.size ?? 0;
  if (database.dump !== undefined) return undefined;
  const result = await runTool(planSizeQuestion(urlOf(database, room), database.name), room, `asking ${database.name} for its size`);
  const { tail } = result;
  if (outcomeOf(result) === "done") return Number(/^\s*(\d+)\s*$/m.exec(tail)?.[1] ?? Number.NaN) || undefined;
  // Without psql pg_dump itself will say what there is to say.
  if (result.kind === "not-started") return undefined;
  throw new InstarError("BACKUP_FAILED", `the database ${database.name} does not answer`, {
    cause: new Error(lastWords(tail)),
    facts: { database: database.name },
    advice: "Nothing was kept. Start it, or look at its address in backup.databases, and try again.",
    transient: true,
  });
}

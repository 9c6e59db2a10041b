import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { DoctorView } from "@instar/protocol";

export type Check = DoctorView["checks"][number];

export const passed = (area: string, what: string, because: string): Check => ({ area, what, verdict: "pass", because, advice: "" });
export const failed = (area: string, what: string, because: string, advice: string): Check => ({ area, what, verdict: "fail", because, advice });

/** The data folder: only its owner may open it. */
export async function checkFolder(folder: string): Promise<Check> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined) return { area: "data", what: "folder", verdict: "nodata", because: `${folder} does not exist yet`, advice: "`instar up` makes it." };
  if (process.platform !== "win32" && (found.mode & 0o077) !== 0) return failed("data", "folder", `others can open ${folder}`, `chmod 700 ${folder}`);
  return passed("data", "folder", "only its owner can open it");
}

/**
 * The journal, read with SQL of its own and nothing of the engine: every update's entries are dense, begin with `started`, epochs
 * never go down, at most one entry ends it and nothing follows, and at most one update is open.
 */
export function checkJournal(database: DatabaseSync): Check[] {
  const checks: Check[] = [];
  const integrity = database.prepare("PRAGMA integrity_check").all() as { integrity_check: string }[];
  checks.push(
    integrity[0]?.integrity_check === "ok"
      ? passed("database", "pages", "SQLite finds them whole")
      : failed("database", "pages", String(integrity[0]?.integrity_check), "Keep the folder; restore instar.db from a copy."),
  );
  const broken = database
    .prepare(
      `SELECT update_id AS id FROM journal GROUP BY update_id HAVING max(seq) <> count(*) - 1 OR min(seq) <> 0
       UNION SELECT update_id FROM journal WHERE seq = 0 AND kind <> 'started'
       UNION SELECT later.update_id FROM journal AS later JOIN journal AS earlier ON earlier.update_id = later.update_id AND earlier.seq = later.seq - 1 WHERE later.epoch < earlier.epoch
       UNION SELECT update_id FROM journal WHERE kind = 'ended' GROUP BY update_id HAVING count(*) > 1
       UNION SELECT ended.update_id FROM journal AS ended JOIN journal AS after ON after.update_id = ended.update_id AND after.seq > ended.seq WHERE ended.kind = 'ended'`,
    )
    .all() as { id: string }[];
  checks.push(
    broken.length === 0
      ? passed("journal", "order", "every update's entries follow each other")
      : failed("journal", "order", `broken: ${broken.map((row) => row.id).join(", ")}`, "Nothing is done by itself; keep the folder and ask."),
  );
  const open = (
    database.prepare("SELECT count(*) AS n FROM (SELECT update_id FROM journal GROUP BY update_id HAVING sum(kind = 'ended') = 0)").get() as { n: number }
  ).n;
  checks.push(
    open <= 1
      ? passed("journal", "open updates", open === 0 ? "none" : "one, as it may be")
      : failed("journal", "open updates", `${open} at once`, "Two daemons wrote here. Keep the folder and ask."),
  );
  const stuck = database
    .prepare(
      "SELECT update_id AS id FROM journal GROUP BY update_id HAVING max(CASE WHEN kind = 'stuck' THEN seq ELSE -1 END) > max(CASE WHEN kind IN ('resolved', 'ended') THEN seq ELSE -1 END)",
    )
    .all() as { id: string }[];
  if (stuck.length > 0)
    checks.push(failed("journal", "stuck", stuck.map((row) => row.id).join(", "), "`instar update resolve retry|accept|abandon` answers it."));
  return checks;
}

/** Files that a crash may leave beside durable ones. They harm nobody and are only said. */
export function reserveCheck(freeBytes: number, reserveBytes: number, reserveThere: boolean): Check {
  if (!reserveThere && freeBytes < reserveBytes)
    return failed("disk", "reserve", "the space for going back is not set aside, and the disk is too full to do so", "Free some space.");
  return passed("disk", "reserve", reserveThere ? "set aside for going back" : "made when the daemon runs");
}

export const reservePath = (folder: string) => join(folder, "reserve");

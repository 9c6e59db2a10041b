import { statSync } from "node:fs";
import { join } from "node:path";
import type { Change } from "@instar/protocol";
import { CHANGES } from "@instar/protocol";
import type { OperationContext } from "./context.ts";

type Instance = OperationContext["instance"];

/** Which changes a row of a table is, whether it was added, changed or taken away. */
const TABLES: Readonly<Record<string, readonly Change[]>> = {
  journal: ["updates", "status", "approvals", "incidents", "observation"],
  ledger_outbox: ["ledger"],
  ledger_head: ["ledger"],
  quarantine: ["sources", "updates"],
  bucket: ["observation"],
  token: ["tokens"],
  update_event: ["sources"],
  webhook_delivery: ["sources"],
  scheduled_task: ["tasks"],
  task_run: ["tasks"],
  notifications: ["status"],
};

/** The same for facts, by the beginning of their names. Those that nothing shows, such as how far the instance's time has come, are in no line. */
const FACTS: readonly (readonly [RegExp, readonly Change[]])[] = [
  [/^source\b/, ["sources", "status"]],
  [/^versionMarks$/, ["marks"]],
  [/^incidentCause:/, ["incidents"]],
  [/^(breaker|integrity|ledgerTrouble)/, ["status"]],
  [/^(watch|trial|exchange):/, ["observation"]],
  [/^(pushed|acknowledged):/, ["updates"]],
  [/^keptReleases$/, ["backups", "updates"]],
];

export interface ChangeWatch {
  /** What moved since this was asked last. */
  take(): ReadonlySet<Change>;
  close(): void;
}

const MOVED = "instar_moved";

/**
 * Tells what moves while somebody watches. The database itself says so: triggers of this connection alone, kept in memory, call back at each write, so that nothing
 * is asked again and again, and who writes knows nothing of it. A write that is taken back may be told too; whoever looks then finds nothing new. What is no row
 * is compared: a few files, and whether another process wrote (a token that the command line made).
 *
 * @param onJournal called within the transaction that appends to the journal: to look once it is through
 */
export function watchChanges(instance: Instance, { backupMoves, onJournal }: { backupMoves: () => number; onJournal: () => void }): ChangeWatch {
  const { database } = instance;
  const moved = new Set<Change>();
  const note = (changes: readonly Change[]) => {
    for (const change of changes) moved.add(change);
  };
  database.function(MOVED, (table, fact) => {
    note(typeof fact === "string" ? FACTS.flatMap(([name, changes]) => (name.test(fact) ? changes : [])) : (TABLES[String(table)] ?? []));
    if (table === "journal") onJournal();
    return null;
  });
  const triggers = planTriggers();
  // A full disk must not reach a write by way of who watches it.
  database.exec("PRAGMA temp_store = MEMORY");
  for (const { sql } of triggers) database.exec(sql);
  let before = readOthers(instance, backupMoves());
  return {
    take: () => {
      const now = readOthers(instance, backupMoves());
      for (const [name, value] of Object.entries(now)) if (value !== before[name as keyof typeof now]) note(name === "database" ? CHANGES : [name as Change]);
      before = now;
      const taken = new Set(moved);
      moved.clear();
      return taken;
    },
    close: () => {
      if (database.isOpen) for (const { name } of triggers) database.exec(`DROP TRIGGER IF EXISTS temp.${name}`);
    },
  };
}

function planTriggers(): { name: string; sql: string }[] {
  return [...Object.keys(TABLES), "facts"].flatMap((table) =>
    ["INSERT", "UPDATE", "DELETE"].map((happening) => {
      const name = `moved_${table}_${happening.toLowerCase()}`;
      const fact = table === "facts" ? `${happening === "DELETE" ? "OLD" : "NEW"}.name` : "NULL";
      return { name, sql: `CREATE TEMP TRIGGER ${name} AFTER ${happening} ON main.${table} BEGIN SELECT ${MOVED}('${table}', ${fact}); END` };
    }),
  );
}

function readOthers({ database, folder, rooms }: Instance, backupMoves: number) {
  return {
    status: whenWritten(join(folder, "keeper", "state.json")),
    backups: `${whenWritten(join(folder, "snapshots"))} ${backupMoves}`,
    settings: whenWritten(join(rooms.settingsFolder, "instar.yaml")),
    // Another number after each transaction of another connection.
    database: String((database.prepare("PRAGMA data_version").get() as { data_version: number }).data_version),
  };
}

function whenWritten(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "" : `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
}

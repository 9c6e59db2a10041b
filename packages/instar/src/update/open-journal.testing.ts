import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { SimulatedClock } from "@instar/testkit";
import { Facts } from "../database/facts.ts";
import { openDatabase } from "../database/open-database.ts";
import { Ledger } from "../ledger/ledger.ts";
import { InstanceTime } from "./instance-time.ts";
import { Journal, takeEpoch } from "./journal.ts";

/** A real journal and ledger on a database of their own, in a folder that `close` removes. */
export interface OpenJournal {
  readonly folder: string;
  readonly path: string;
  readonly database: DatabaseSync;
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly clock: SimulatedClock;
  close(): void;
}

export function openJournal(clock = new SimulatedClock()): OpenJournal {
  const folder = mkdtempSync(join(tmpdir(), "instar-journal-"));
  const path = join(folder, "instar.db");
  const database = openDatabase(path);
  const ledger = new Ledger({ database, folder: join(folder, "ledger"), now: () => clock.wallMs(), key: null });
  const journal = new Journal(database, ledger, new InstanceTime(clock, new Facts(database), 0), takeEpoch(database));
  return {
    folder,
    path,
    database,
    ledger,
    journal,
    clock,
    close: () => {
      if (database.isOpen) database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

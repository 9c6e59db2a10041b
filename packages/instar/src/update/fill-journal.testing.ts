import { openDatabase } from "../database/open-database.ts";
import { Ledger } from "../ledger/ledger.ts";
import { Journal, takeEpoch } from "./journal.ts";
import type { UpdateId } from "./journal-entry.ts";
import { START, STEPS } from "./tell-journal.testing.ts";

/**
 * Writes so many refused updates into an instance's journal, by the journal's own hand, while nobody else has it open. They count from 0.0.1 on, a minute apart, so
 * that what runs stays what it is.
 */
export function fillJournal(dataFolder: string, updates: number): void {
  const database = openDatabase(`${dataFolder}/instar.db`);
  try {
    // A power loss may cost a throw-away instance its past.
    database.exec("PRAGMA synchronous = OFF");
    let at = 0;
    const time = { wallMs: () => Date.UTC(2026, 0, 1) + at * 60_000, tickMs: () => 0 };
    const ledger = new Ledger({ database, folder: `${dataFolder}/ledger`, now: time.wallMs, key: null });
    const journal = new Journal(database, ledger, time, takeEpoch(database));
    for (at = 1; at <= updates; at += 1) {
      const update = `zz${String(at).padStart(6, "0")}` as UpdateId;
      const commit = at.toString(16).padStart(40, "0");
      journal.append({
        update,
        attempt: 0,
        ledger: [],
        body: { kind: "started", steps: STEPS, start: { ...START, commit, versionFrom: null, versionTo: `0.0.${at}`, releaseFrom: null, wayBack: null } },
      });
      journal.append({ update, attempt: 1, ledger: [], body: { kind: "applying", step: "fetch" } });
      journal.append({
        update,
        attempt: 1,
        ledger: [],
        body: { kind: "failed", step: "fetch", code: "SOURCE_GONE", because: "upstream did not answer", transient: false },
      });
      journal.append({ update, attempt: 0, ledger: [], body: { kind: "ended", outcome: "refused", because: "upstream did not answer" } });
    }
  } finally {
    database.close();
  }
}

import type { LedgerEntry } from "./ledger-entry.ts";
import { readEntries } from "./read-ledger.ts";

/** What the ledger's files hold, in order. */
export function readLedgerFiles(folder: string): LedgerEntry[] {
  return [...readEntries(folder)];
}

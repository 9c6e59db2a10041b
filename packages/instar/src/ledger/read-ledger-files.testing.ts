import type { LedgerEntry } from "./ledger-entry.ts";
import { readStored } from "./read-ledger.ts";

/** What the ledger's files hold, in order. */
export function readLedgerFiles(folder: string): LedgerEntry[] {
  return Array.from(readStored(folder), ({ bytes }) => JSON.parse(bytes.toString("utf8")) as LedgerEntry);
}

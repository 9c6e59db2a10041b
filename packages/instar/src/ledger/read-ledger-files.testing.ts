import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listLedgerFiles } from "./ledger.ts";
import type { LedgerEntry } from "./ledger-entry.ts";

/** All entries in the files, oldest first, unverified. */
export function readLedgerFiles(folder: string): LedgerEntry[] {
  return listLedgerFiles(folder)
    .flatMap((file) => readFileSync(join(folder, file), "utf8").trimEnd().split("\n"))
    .map((line) => JSON.parse(line) as LedgerEntry);
}

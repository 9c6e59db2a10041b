import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ENTRIES_PER_FILE, ledgerFileOf, listLedgerFiles } from "./ledger.ts";
import { GENESIS, hashLine, type LedgerEntry } from "./ledger-entry.ts";

export type LedgerVerification =
  | { readonly kind: "intact"; readonly length: number; readonly head: string }
  /** `index` is the first entry that is not as it was written. */
  | { readonly kind: "damaged"; readonly index: number; readonly because: string };

/**
 * Reads the ledger's files from the first byte and follows the chain. `expected` is the head that the database remembers: files
 * that end before it were cut, files that go beyond it belong to a database that was put back. Entries still in the
 * outbox are passed as `pending` and must fit on the end.
 */
export function verifyLedger(folder: string, expected?: { length: number; hash: string }, pending: readonly string[] = []): LedgerVerification {
  let index = 0;
  let hash = GENESIS;
  const damaged = (because: string): LedgerVerification => ({ kind: "damaged", index, because });

  const follow = (line: string): string | undefined => {
    let entry: LedgerEntry;
    try {
      entry = JSON.parse(line) as LedgerEntry;
    } catch {
      return `entry ${index} is not JSON`;
    }
    if (entry.index !== index) return `entry ${index} says that it is entry ${entry.index}`;
    if (entry.previous !== hash) return `entry ${index} does not follow from the entry before it`;
    hash = hashLine(line);
    index += 1;
    return undefined;
  };

  for (const [number, file] of listLedgerFiles(folder).entries()) {
    if (file !== ledgerFileOf(number * ENTRIES_PER_FILE)) return damaged(`the file ${ledgerFileOf(number * ENTRIES_PER_FILE)} is missing`);
    if (index !== number * ENTRIES_PER_FILE) return damaged(`the file ${file} begins after a gap`);
    const lines = readFileSync(join(folder, file), "utf8").split("\n");
    const torn = lines.pop() !== "";
    for (const line of lines) {
      const wrong = follow(line);
      if (wrong !== undefined) return damaged(wrong);
    }
    // A torn line is no damage where the outbox still holds the entry: that is what a crash in the middle of a write leaves.
    if (torn && pending.length === 0) return damaged(`${file} ends in the middle of entry ${index}`);
  }
  for (const line of pending) {
    if ((JSON.parse(line) as LedgerEntry).index < index) continue;
    const wrong = follow(line);
    if (wrong !== undefined) return damaged(wrong);
  }
  if (expected !== undefined && index < expected.length) return damaged(`the files end at entry ${index}, the database knows ${expected.length}`);
  if (expected !== undefined && index > expected.length)
    return damaged(`the files hold ${index} entries, the database knows only ${expected.length}: it is older than the ledger`);
  if (expected !== undefined && hash !== expected.hash)
    return { kind: "damaged", index: index - 1, because: "the newest entry is not the one that was written" };
  return { kind: "intact", length: index, head: hash };
}

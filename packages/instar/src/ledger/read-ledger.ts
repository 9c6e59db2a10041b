import { setImmediate as nextTurn } from "node:timers/promises";
import { InstarError } from "@instar/protocol";
import type { LedgerEntry } from "./ledger-entry.ts";
import { countBundles, readBundle, readTail } from "./log-folder.ts";
import { TILE_WIDTH } from "./tree/tile.ts";

export interface StoredEntry {
  readonly index: number;
  /** As it is hashed: canonical JSON without an end of line. */
  readonly bytes: Buffer;
}

/** The entries in the files from one index on, in order; those of bundles that were moved elsewhere are left out. @throws InstarError LEDGER_DAMAGED */
export function* readStored(folder: string, from = 0): Generator<StoredEntry, void, undefined> {
  const bundles = countBundles(folder);
  for (let bundle = Math.floor(from / TILE_WIDTH); bundle < bundles; bundle += 1)
    for (const [at, bytes] of (readBundle(folder, bundle) ?? []).entries())
      if (bundle * TILE_WIDTH + at >= from) yield { index: bundle * TILE_WIDTH + at, bytes };
  for (const [at, bytes] of readTail(folder, bundles).lines.entries()) if (bundles * TILE_WIDTH + at >= from) yield { index: bundles * TILE_WIDTH + at, bytes };
}

/** All of them, parsed, letting others have their turn. Nothing may write to the files meanwhile (`Ledger.quietly`). @throws InstarError LEDGER_DAMAGED */
export async function* readEntries(folder: string): AsyncGenerator<LedgerEntry, void, undefined> {
  for (const { index, bytes } of readStored(folder)) {
    if (index % ENTRIES_A_TURN === 0) await nextTurn();
    yield parse(bytes);
  }
}

/** The same, the newest first, from before an index where one is given. @throws InstarError LEDGER_DAMAGED */
export async function* readNewestFirst(folder: string, before = Number.POSITIVE_INFINITY): AsyncGenerator<LedgerEntry, void, undefined> {
  const bundles = countBundles(folder);
  for (const [at, bytes] of [...readTail(folder, bundles).lines.entries()].toReversed()) if (bundles * TILE_WIDTH + at < before) yield parse(bytes);
  for (let bundle = bundles - 1; bundle >= 0; bundle -= 1) {
    if (bundle * TILE_WIDTH >= before) continue;
    await nextTurn();
    for (const [at, bytes] of [...(readBundle(folder, bundle) ?? []).entries()].toReversed()) if (bundle * TILE_WIDTH + at < before) yield parse(bytes);
  }
}

const ENTRIES_A_TURN = 1_024;

function parse(bytes: Buffer): LedgerEntry {
  try {
    return JSON.parse(bytes.toString("utf8")) as LedgerEntry;
  } catch (cause) {
    throw new InstarError("LEDGER_DAMAGED", "an entry of the ledger is not JSON", { cause });
  }
}

/** How many entries are in the files, archived ones among them. */
export function countEntries(folder: string): number {
  const bundles = countBundles(folder);
  return bundles * TILE_WIDTH + readTail(folder, bundles).lines.length;
}

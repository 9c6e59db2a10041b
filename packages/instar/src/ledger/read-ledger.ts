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

/** The same, parsed. */
export function* readEntries(folder: string, from = 0): Generator<LedgerEntry, void, undefined> {
  for (const { bytes } of readStored(folder, from)) yield JSON.parse(bytes.toString("utf8")) as LedgerEntry;
}

/** The newest first, from before an index where one is given. @throws InstarError LEDGER_DAMAGED */
export function* readNewestFirst(folder: string, before = Number.POSITIVE_INFINITY): Generator<LedgerEntry, void, undefined> {
  const bundles = countBundles(folder);
  const isOlder = (index: number) => index < before;
  const { lines } = readTail(folder, bundles);
  for (let at = lines.length - 1; at >= 0; at -= 1) if (isOlder(bundles * TILE_WIDTH + at)) yield parse(lines[at]);
  for (let bundle = bundles - 1; bundle >= 0; bundle -= 1) {
    if (!isOlder(bundle * TILE_WIDTH)) continue;
    const entries = readBundle(folder, bundle) ?? [];
    for (let at = entries.length - 1; at >= 0; at -= 1) if (isOlder(bundle * TILE_WIDTH + at)) yield parse(entries[at]);
  }
}

const parse = (bytes: Buffer | undefined): LedgerEntry => JSON.parse(bytes?.toString("utf8") ?? "") as LedgerEntry;

/** How many entries are in the files, archived ones among them. */
export function countEntries(folder: string): number {
  const bundles = countBundles(folder);
  return bundles * TILE_WIDTH + readTail(folder, bundles).lines.length;
}

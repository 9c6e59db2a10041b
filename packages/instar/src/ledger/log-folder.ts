import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { InstarError } from "@instar/protocol";
import type { ReadHashes } from "./tree/hash-range.ts";
import { HASH_BYTES, hashLeaf, openFrontier } from "./tree/hash-tree.ts";
import { decodeBundle, entriesPath, hashesOfTile, TILE_WIDTH, tilePath } from "./tree/tile.ts";

/**
 * The ledger's folder is a log's (C2SP tlog-tiles): `checkpoint`, `tile/<level>/…`, `tile/entries/…`; on disk only full tiles and bundles. Entries that do not
 * fill a bundle yet lie in `<bundle>.jsonl`, one a line, where they can be appended to. A bundle that retention compressed has `.gz` behind its name, one that
 * it moved elsewhere leaves `.archived`; its tiles stay.
 */
export const CHECKPOINT = "checkpoint";
const LONGEST_BUNDLE_BYTES = TILE_WIDTH * 65_537;

/** Where entries are appended that belong to a bundle. */
export const tailFileOf = (bundle: number): string => `${String(bundle).padStart(8, "0")}.jsonl`;

export function listTailFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d{8}\.jsonl$/.test(name))
      .sort();
  } catch {
    return [];
  }
}

/** How many full bundles there are from the first on, without a gap. Asks some dozen times, however many they are. */
export function countBundles(folder: string): number {
  const isThere = (bundle: number) => ["", ".gz", ".archived"].some((ending) => existsSync(join(folder, `${entriesPath(bundle)}${ending}`)));
  let beyond = 1;
  while (isThere(beyond - 1)) beyond *= 2;
  let [low, high] = [Math.floor(beyond / 2), beyond - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isThere(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The entries of a full bundle; undefined where retention moved it elsewhere. @throws InstarError LEDGER_DAMAGED */
export function readBundle(folder: string, bundle: number): readonly Buffer[] | undefined {
  const path = join(folder, entriesPath(bundle));
  try {
    if (existsSync(path)) return decodeBundle(readFileSync(path), TILE_WIDTH);
    if (existsSync(`${path}.gz`)) return decodeBundle(gunzipSync(readFileSync(`${path}.gz`), { maxOutputLength: LONGEST_BUNDLE_BYTES }), TILE_WIDTH);
    if (existsSync(`${path}.archived`)) return undefined;
  } catch (cause) {
    throw new InstarError("LEDGER_DAMAGED", `the bundle ${entriesPath(bundle)} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  throw new InstarError("LEDGER_DAMAGED", `the bundle ${entriesPath(bundle)} is missing`);
}

/** What lies in the tail's files after the full bundles, whole lines; a torn last one is told apart. @throws InstarError LEDGER_DAMAGED */
export function readTail(folder: string, bundles: number): { readonly lines: readonly Buffer[]; readonly isTorn: boolean } {
  const lines: Buffer[] = [];
  let isTorn = false;
  for (const file of listTailFiles(folder)) {
    if (isTorn) throw new InstarError("LEDGER_DAMAGED", `the file before ${file} ends in the middle of an entry`);
    const bytes = readFileSync(join(folder, file));
    const found: Buffer[] = [];
    let from = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
      found.push(bytes.subarray(from, end));
      from = end + 1;
    }
    isTorn = from < bytes.length;
    // A crash between a bundle and the removal of what it was made of leaves both.
    const first = found[0] === undefined ? undefined : indexOf(found[0]);
    lines.push(...found.slice(first === undefined ? 0 : Math.max(0, bundles * TILE_WIDTH - first)));
  }
  return { lines, isTorn };
}

function indexOf(line: Buffer): number | undefined {
  try {
    return (JSON.parse(line.toString("utf8")) as { index?: number }).index;
  } catch {
    return undefined;
  }
}

/**
 * Reads the hashes of a log's tiles, also of partial ones, which are not on disk: those of level 0 come from the tail's entries, those above from the full
 * tiles below. @throws InstarError LEDGER_DAMAGED where a tile is missing
 */
export function tileReader(folder: string, tail: { readonly bundles: number; readonly lines: readonly Buffer[] }): ReadHashes {
  const read: ReadHashes = (level, index, width) => {
    const inTail = index - tail.bundles;
    if (level === 0 && inTail >= 0) return Buffer.concat(tail.lines.slice(inTail * TILE_WIDTH, inTail * TILE_WIDTH + width).map(hashLeaf));
    const path = tilePath(level, index);
    if (level === 0 || existsSync(join(folder, path))) return readTile(folder, path).subarray(0, width * HASH_BYTES);
    return Buffer.concat(Array.from({ length: width }, (_, at) => rootOfTile(read(level - 1, index * TILE_WIDTH + at, TILE_WIDTH))));
  };
  return read;
}

function readTile(folder: string, path: string): Buffer {
  try {
    return readFileSync(join(folder, path));
  } catch (cause) {
    throw new InstarError("LEDGER_DAMAGED", `the tile ${path} is missing`, { cause });
  }
}

/** What stands for a full tile in the level above. */
export function rootOfTile(bytes: Uint8Array): Buffer {
  const frontier = openFrontier();
  for (const hash of hashesOfTile(bytes)) frontier.append(hash);
  return frontier.root();
}

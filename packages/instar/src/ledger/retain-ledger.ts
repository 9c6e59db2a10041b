import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { explainFileError, writeFileDurably } from "../platform/durable-files.ts";
import { countBundles, readBundle } from "./log-folder.ts";
import { entriesPath } from "./tree/tile.ts";

export interface Retention {
  readonly compressAfterMs: number;
  /** Where old bundles are moved; null: they stay. */
  readonly archive: string | null;
  readonly moveAfterMs: number;
  readonly keepAtMostBytes: number;
}

export interface Retained {
  readonly compressed: number;
  readonly moved: number;
}

interface Found {
  readonly bundle: number;
  readonly form: "plain" | "gzip";
  readonly sizeBytes: number;
}

/**
 * Compresses old bundles of entries in place and moves still older ones into the archive. Whole bundles only, and never a tile: what was proved stays proved. A
 * crash anywhere leaves a bundle in two forms, of which the next run removes one. Doing it again does nothing.
 *
 * @throws InstarError DISK_FULL, PLATFORM_FAILED, LEDGER_DAMAGED
 */
export async function retainLedger(folder: string, nowMs: number, { compressAfterMs, archive, moveAfterMs, keepAtMostBytes }: Retention): Promise<Retained> {
  const found = listBundles(folder);
  let [compressed, moved] = [0, 0];
  let sizeBytes = found.reduce((sum, each) => sum + each.sizeBytes, 0);
  for (const { bundle, form, sizeBytes: before } of found) {
    const isTooMuch = archive !== null && sizeBytes > keepAtMostBytes;
    const ageMs = nowMs - newestMs(folder, bundle);
    // Younger ones follow only.
    if (ageMs < compressAfterMs && !isTooMuch) break;
    const path = join(folder, entriesPath(bundle));
    if (form === "plain") {
      await writeFileDurably(`${path}.gz`, gzipSync(await readFile(path), { level: 9 }));
      await rm(path, { force: true });
      compressed += 1;
    }
    const after = statSync(`${path}.gz`).size;
    sizeBytes -= before - after;
    if (archive === null || (ageMs < moveAfterMs && !isTooMuch)) continue;
    await moveBundle(path, join(archive, `${entriesPath(bundle)}.gz`));
    sizeBytes -= after;
    moved += 1;
  }
  return { compressed, moved };
}

/** In place, the oldest first. */
function listBundles(folder: string): Found[] {
  const found: Found[] = [];
  for (let bundle = 0; bundle < countBundles(folder); bundle += 1) {
    const path = join(folder, entriesPath(bundle));
    for (const [form, at] of [["plain", path] as const, ["gzip", `${path}.gz`] as const]) {
      const sizeBytes = statSync(at, { throwIfNoEntry: false })?.size;
      if (sizeBytes === undefined) continue;
      found.push({ bundle, form, sizeBytes });
      break;
    }
  }
  return found;
}

/** Wall time of the newest entry in a bundle. A clock that once ran ahead only makes it stay longer. */
function newestMs(folder: string, bundle: number): number {
  const newest = readBundle(folder, bundle)?.at(-1);
  return newest === undefined ? 0 : Date.parse((JSON.parse(newest.toString("utf8")) as { at: string }).at);
}

/** There whole and durable before it goes here. What stays in its place says what lies there. */
async function moveBundle(path: string, to: string): Promise<void> {
  const bytes = await readFile(`${path}.gz`);
  try {
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explainFileError(error, `could not create ${dirname(to)}`);
  }
  await writeFileDurably(to, bytes);
  await writeFileDurably(`${path}.archived`, `sha256:${createHash("sha256").update(bytes).digest("hex")} ${to}\n`);
  await rm(`${path}.gz`, { force: true });
}

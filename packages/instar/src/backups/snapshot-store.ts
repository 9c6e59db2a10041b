import { readdir, readFile, realpath, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { explainFileError, makePrivateFolder, removeTree, syncFolder, writeFileDurably } from "../platform/durable-files.ts";
import { syncTree } from "../platform/sync-tree.ts";
import { readAheadNotes, writeAheadNotes } from "./ahead-notes.ts";
import { type CopyPass, type CopyProgress, copyTree, type KnownFiles } from "./copy-tree.ts";
import { renderRaw } from "./raw-path.ts";
import { readUnfinished } from "./restore-marker.ts";
import { type Restored, type RestorePhase, restoreSnapshot } from "./restore-snapshot.ts";
import { defineManifest, type ManifestEntry, parseManifest, renderManifest, type SnapshotManifest } from "./snapshot-manifest.ts";
import { type SnapshotVerdict, verifySnapshot } from "./verify-snapshot.ts";
import type { FoundEntry } from "./walk-tree.ts";

export interface CopyOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CopyProgress) => void;
}

export interface RestoreOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (phase: RestorePhase) => void;
}

export interface TakenSnapshot {
  /** SHA-256 over the manifest's entries, in hexadecimal. */
  readonly digest: string;
  readonly files: number;
  readonly sizeBytes: number;
  /** How many files had to be copied while the agent was quiet. */
  readonly copied: number;
  /** Sockets, pipes and devices, which are not kept. */
  readonly skipped: readonly string[];
}

export type SnapshotInfo =
  | ({ readonly id: string; readonly state: "whole"; readonly takenAtMs: number } & Omit<TakenSnapshot, "copied">)
  /** `takenAtMs`: when it was begun, as far as the folder tells. */
  | { readonly id: string; readonly state: "unfinished" | "damaged"; readonly takenAtMs: number };

/** Ids are letters, digits, dots, dashes and underscores. Errors: BACKUP_FAILED, DISK_FULL, NOT_FOUND, INPUT_INVALID. */
export interface SnapshotStore {
  /** Copies while the agent goes on writing, so that little is left for `finish`. Again and again, if you like. */
  copyAhead(id: string, stateFolder: string, options?: CopyOptions): Promise<{ copied: number }>;
  /** Makes the snapshot whole; the agent must be quiet. Called again it tells the same, and copies nothing. */
  finish(id: string, stateFolder: string, options?: CopyOptions): Promise<TakenSnapshot>;
  /** True once the manifest is there, whether or not it is still intact: then something of a state may depend on it. */
  isFinished(id: string): Promise<boolean>;
  verify(id: string, signal?: AbortSignal): Promise<SnapshotVerdict>;
  /** See restoreSnapshot: also SNAPSHOT_DAMAGED, CONFLICT, ROLLBACK_FAILED. */
  restore(id: string, stateFolder: string, asideFolder: string, options?: RestoreOptions): Promise<Restored>;
  /** Newest first. */
  list(): Promise<SnapshotInfo[]>;
  /** Removing what is not there is fine. CONFLICT while a restore from it is unfinished. */
  remove(id: string): Promise<void>;
}

/** File systems keep times as coarsely as two seconds (FAT); within that a second change is not seen. */
const COARSEST_TIME_NS = 2_000_000_000n;
const FINISH_PASSES = 4;

/**
 * Snapshots of the agent's state. On disk, for each id: `tree` holds the files' bytes, private and plain; `ahead.json` how the originals
 * looked when their bytes were taken; `manifest.json` all the rest, written last: its presence means that the snapshot is whole.
 */
export function openSnapshotStore(options: { folder: string; clock: Clock }): SnapshotStore {
  const at = (id: string) => placesOf(options.folder, id);
  const markers = join(options.folder, ".restores");
  return {
    copyAhead: async (id, stateFolder, copying = {}) => {
      if ((await readManifest(at(id), id)) !== undefined) return { copied: 0 };
      return explaining(id, copying.signal, () => copyAhead(at(id), stateFolder, options.clock, copying));
    },
    finish: async (id, stateFolder, copying = {}) => {
      const whole = await readManifest(at(id), id);
      if (whole !== undefined) return { ...summaryOf(whole), copied: 0 };
      return explaining(id, copying.signal, () => finish(id, at(id), stateFolder, options.clock, copying));
    },
    isFinished: (id) =>
      stat(at(id).manifest).then(
        () => true,
        () => false,
      ),
    verify: async (id, signal) => {
      try {
        return await verifySnapshot(await demandManifest(at(id), id), at(id).tree, signal);
      } catch (error) {
        if (InstarError.is(error, "SNAPSHOT_DAMAGED")) return { kind: "damaged", paths: ["manifest.json"] };
        throw error;
      }
    },
    restore: (id, stateFolder, asideFolder, restoring = {}) =>
      restoreSnapshot(
        { snapshot: id, stateFolder, asideFolder, signal: restoring.signal, onProgress: restoring.onProgress },
        { markers, tree: at(id).tree, readManifest: () => demandManifest(at(id), id) },
      ),
    list: () => list(options.folder),
    remove: async (id) => {
      const restoring = (await readUnfinished(markers)).find((marker) => marker.snapshot === id);
      if (restoring !== undefined)
        throw new InstarError("CONFLICT", `Snapshot ${id} is being restored`, { facts: { snapshot: id, stateFolder: restoring.stateFolder } });
      await remove(at(id));
    },
  };
}

interface Places {
  readonly folder: string;
  readonly tree: string;
  readonly ahead: string;
  readonly manifest: string;
}

function placesOf(folder: string, id: string): Places {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(id)) throw new InstarError("INPUT_INVALID", `${JSON.stringify(id)} cannot be a snapshot's id`);
  const own = join(folder, id);
  return { folder: own, tree: join(own, "tree"), ahead: join(own, "ahead.json"), manifest: join(own, "manifest.json") };
}

async function copyAhead(places: Places, stateFolder: string, clock: Clock, copying: CopyOptions): Promise<{ copied: number }> {
  await makePrivateFolder(places.tree);
  const from = await findState(stateFolder);
  // Memory-mapped writes change a file's time only when they first touch a clean page. Once flushed every page is clean, so a file whose
  // time lies before the flush cannot change any more without its time changing. All others are copied again by finish.
  const trustedUntilNs = BigInt(Math.floor(clock.wallMs())) * 1_000_000n - COARSEST_TIME_NS;
  await syncTree(from);
  const known = await readAheadNotes(places.ahead);
  const pass = await copyTree({ from, to: places.tree, known, trustedUntilNs, signal: copying.signal, onProgress: copying.onProgress });
  await syncTree(places.tree);
  // A crash before this costs the work and nothing else: what was copied no longer looks as the older notes say.
  await writeAheadNotes(places.ahead, known);
  return { copied: pass.copied };
}

async function finish(id: string, places: Places, stateFolder: string, clock: Clock, copying: CopyOptions): Promise<TakenSnapshot> {
  await makePrivateFolder(places.tree);
  const from = await findState(stateFolder);
  const known = await readAheadNotes(places.ahead);
  const { pass, copied } = await copyUntilSettled(from, places.tree, known, copying);
  const entries = pass.entries.flatMap((entry) => manifestEntry(entry, pass, known));
  const skipped = pass.entries.filter((entry) => entry.kind === "special").map((entry) => renderRaw(entry.path));
  const manifest = defineManifest({ id, takenAtMs: clock.wallMs(), skipped, entries });
  await syncTree(places.folder);
  await syncFolder(join(places.folder, ".."));
  // Killed before this: no snapshot, and calling again makes it. Killed after it: whole.
  await writeFileDurably(places.manifest, renderManifest(manifest));
  await rm(places.ahead, { force: true });
  return { ...summaryOf(manifest), copied };
}

async function findState(stateFolder: string): Promise<string> {
  const real = await realpath(stateFolder);
  if ((await stat(real)).isDirectory()) return real;
  throw new InstarError("BACKUP_FAILED", `${stateFolder} is not a folder`, { facts: { stateFolder } });
}

/**
 * Passes until one finds nothing to copy, so that what was copied is known to be of one moment. A state that keeps changing while the
 * agent is said to be quiet is refused.
 */
async function copyUntilSettled(from: string, to: string, known: KnownFiles, copying: CopyOptions): Promise<{ pass: CopyPass; copied: number }> {
  let copied = 0;
  for (let round = 1; ; round++) {
    const pass = await copyTree({ from, to, known, signal: copying.signal, onProgress: copying.onProgress });
    copied += pass.copied;
    if (pass.changed.length === 0) return { pass, copied };
    if (round === FINISH_PASSES)
      throw new InstarError("BACKUP_FAILED", "Something still writes to the state although the agent is quiet", {
        facts: { paths: pass.changed.slice(0, 20).map(renderRaw) },
        advice: "Find what else has these files open.",
        transient: true,
      });
  }
}

function manifestEntry(entry: FoundEntry, pass: CopyPass, known: KnownFiles): ManifestEntry[] {
  const { path, mode, uid, gid, mtimeNs, size, target } = entry;
  const common = { path, mode, uid, gid, mtimeNs };
  if (entry.kind === "special") return [];
  if (entry.kind === "folder") return [{ ...common, kind: "folder" }];
  if (entry.kind === "link") return [{ ...common, kind: "link", ...(target === undefined ? {} : { target }) }];
  const sameAs = pass.sameAs.get(path);
  if (sameAs !== undefined) return [{ ...common, kind: "file", sameAs }];
  const sha256 = known.get(path)?.sha256;
  if (sha256 === undefined) throw new InstarError("BACKUP_FAILED", `${renderRaw(path)} was not copied`);
  return [{ ...common, kind: "file", size, sha256 }];
}

async function list(folder: string): Promise<SnapshotInfo[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const infos = await Promise.all(names.filter((name) => !name.startsWith(".")).map((id) => describe(folder, id)));
  return infos.sort((a, b) => b.takenAtMs - a.takenAtMs || (a.id < b.id ? 1 : -1));
}

async function describe(folder: string, id: string): Promise<SnapshotInfo> {
  const places = placesOf(folder, id);
  const begunAtMs = (await stat(places.folder)).mtimeMs;
  try {
    const manifest = await readManifest(places, id);
    if (manifest === undefined) return { id, state: "unfinished", takenAtMs: begunAtMs };
    return { id, state: "whole", takenAtMs: manifest.takenAtMs, ...summaryOf(manifest) };
  } catch (error) {
    if (InstarError.is(error, "SNAPSHOT_DAMAGED")) return { id, state: "damaged", takenAtMs: begunAtMs };
    throw error;
  }
}

/** The manifest first: what is left of a snapshot half removed must not pass for one. */
async function remove(places: Places): Promise<void> {
  if ((await stat(places.folder).catch(() => undefined)) === undefined) return;
  await rm(places.manifest, { force: true });
  await syncFolder(places.folder);
  await removeTree(places.folder);
}

function summaryOf(manifest: SnapshotManifest): Omit<TakenSnapshot, "copied"> {
  return { digest: manifest.digest, files: manifest.files, sizeBytes: manifest.sizeBytes, skipped: manifest.skipped };
}

async function demandManifest(places: Places, id: string): Promise<SnapshotManifest> {
  const manifest = await readManifest(places, id);
  if (manifest === undefined) throw new InstarError("NOT_FOUND", `There is no whole snapshot ${id}`, { facts: { snapshot: id } });
  return manifest;
}

async function readManifest(places: Places, id: string): Promise<SnapshotManifest | undefined> {
  const text = await readFile(places.manifest, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw explainFileError(error, `The manifest of snapshot ${id} could not be read`);
  });
  return text === undefined ? undefined : parseManifest(text);
}

async function explaining<Result>(id: string, signal: AbortSignal | undefined, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    signal?.throwIfAborted();
    const known = explainFileError(error, `Snapshot ${id} could not be taken`);
    throw known.code === "PLATFORM_FAILED" ? new InstarError("BACKUP_FAILED", known.message, { cause: error, facts: { snapshot: id } }) : known;
  }
}

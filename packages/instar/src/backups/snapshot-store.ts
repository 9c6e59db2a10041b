import { join, resolve } from "node:path";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { explainFileError, removeTree } from "../platform/durable-files.ts";
import { type BroughtTree, bringTree } from "../store/bring-tree.ts";
import type { ContentStore } from "../store/content-store.ts";
import type { KeepProgress } from "../store/keep-tree.ts";
import type { Digest } from "../store/pack-format.ts";
import { readTree } from "../store/read-tree.ts";
import type { Swept } from "../store/sweep-packs.ts";
import type { TreeEntry } from "../store/tree-format.ts";
import { type WriteTreeOptions, writeTree } from "../store/write-tree.ts";
import type { Component, SnapshotAbout, SnapshotPart } from "./backup-parts.ts";
import { type ChangedSince, listChangedSince } from "./list-changed-since.ts";
import { readUnfinished, restoreKey } from "./restore-marker.ts";
import { type Restored, type RestorePhase, restoreSnapshot } from "./restore-snapshot.ts";
import { SnapshotFolder } from "./snapshot-folder.ts";
import { findRoot, type KeptPart, type KeptRoot, type SnapshotManifest } from "./snapshot-manifest.ts";
import { copyAhead, keyOf, type Taking, takeSnapshot } from "./take-snapshot.ts";
import { type SnapshotVerdict, type VerifyOptions, verifySnapshot } from "./verify-snapshot.ts";

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: KeepProgress) => void) | undefined;
  /** What is taken together with the state. */
  readonly parts?: readonly SnapshotPart[] | undefined;
  readonly about?: SnapshotAbout | undefined;
}

export interface TakeOptions {
  readonly about: SnapshotAbout;
  readonly parts: readonly SnapshotPart[];
  /** Files that look as they did when the newest whole snapshot of the same root was taken are not read again. */
  readonly trustUnchanged: boolean;
  readonly signal?: AbortSignal | undefined;
  /** After each file that was read. */
  readonly onProgress?: ((progress: KeepProgress) => void) | undefined;
}

export interface RestoreOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (phase: RestorePhase) => void;
}

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined;
  /** After each entry that was built. */
  readonly onProgress?: (() => void) | undefined;
}

export interface TakenSnapshot {
  /** SHA-256 over the names and trees of what was taken, in hexadecimal. */
  readonly digest: string;
  readonly files: number;
  readonly sizeBytes: number;
  /** How many files had to be read; of `finish`, while the agent was quiet. */
  readonly copied: number;
  /** Sockets, pipes and devices, which are not kept. */
  readonly skipped: readonly string[];
}

export interface WholeSnapshot extends Omit<TakenSnapshot, "copied"> {
  readonly id: string;
  readonly state: "whole";
  readonly takenAtMs: number;
  readonly about: SnapshotAbout;
  readonly parts: readonly KeptPart[];
}

export type SnapshotInfo =
  | WholeSnapshot
  /** `takenAtMs`: when it was begun, as far as the folder tells. */
  | { readonly id: string; readonly state: "unfinished" | "damaged"; readonly takenAtMs: number };

/** Ids are letters, digits, dots, dashes and underscores. Errors: BACKUP_FAILED, DISK_FULL, NOT_FOUND, INPUT_INVALID, CONFLICT. */
export interface SnapshotStore {
  /** Copies while the agent goes on writing, so that little is left for `finish`. Again and again, if you like. */
  copyAhead(id: string, stateFolder: string, options?: CopyOptions): Promise<{ copied: number }>;
  /** Makes the snapshot of a state whole; the agent must be quiet. Called again it tells the same, and copies nothing. */
  finish(id: string, stateFolder: string, options?: CopyOptions): Promise<TakenSnapshot>;
  /** Takes whole components as one snapshot, while the agent may go on writing: each file is of one moment. Called again it tells the same. */
  take(id: string, options: TakeOptions): Promise<TakenSnapshot>;
  /** True once the manifest is there, whether or not it is still intact: then something of a state may depend on it. */
  isFinished(id: string): Promise<boolean>;
  /** See verifySnapshot. */
  verify(id: string, options?: VerifyOptions): Promise<SnapshotVerdict>;
  /** The root data/state in the place of the present one. See restoreSnapshot: also SNAPSHOT_DAMAGED, ROLLBACK_FAILED. */
  restore(id: string, stateFolder: string, asideFolder: string, options?: RestoreOptions): Promise<Restored>;
  /** Whether a restore with these arguments has begun to move the state and has not ended. */
  isMoving(id: string, stateFolder: string, asideFolder: string): Promise<boolean>;
  /** Builds one root where nothing is, or in an empty folder, and makes it durable. Also SNAPSHOT_DAMAGED; what was built until then stays. */
  writePart(id: string, component: Component, root: string, to: string, options?: WriteOptions): Promise<{ ownersNotKept: number }>;
  /** Makes a folder what one root was, writing only what differs, and makes it durable. See bringTree: what is in the way goes. Also SNAPSHOT_DAMAGED. */
  bringPart(id: string, component: Component, root: string, to: string, options?: WriteOptions): Promise<BroughtTree>;
  /** What was written since into the state of which this is a snapshot. */
  listChangedSince(id: string, stateFolder: string, signal?: AbortSignal): Promise<ChangedSince>;
  /** Newest first. */
  list(): Promise<SnapshotInfo[]>;
  /** Removing what is not there is fine. CONFLICT while a restore from it is unfinished. Space is freed by `sweep`. */
  remove(id: string): Promise<void>;
  /**
   * Frees what no snapshot refers to, nor any other tree in the store.
   * @throws InstarError SNAPSHOT_DAMAGED where it cannot be told what a snapshot refers to: then nothing is freed
   */
  sweep(): Promise<Swept>;
}

/** What the state of an exchange is called among the parts of a snapshot. */
const STATE = { component: "data", name: "state" } as const;

/**
 * Snapshots of the agent and its state. The bytes lie in the store, each once however many snapshots have them; `<id>/manifest.json` says what
 * belongs to a snapshot, and is written last: its presence means that the snapshot is whole.
 */
export function openSnapshotStore(options: {
  folder: string;
  store: ContentStore;
  clock: Clock;
  /** Trees of others in the same store, such as kept releases: no sweep takes them. */
  otherTrees?: () => readonly Digest[];
}): SnapshotStore {
  const { folder, store, clock } = options;
  const markers = join(folder, ".restores");
  const aside = join(folder, ".verifying");
  const snapshots = new SnapshotFolder(folder, store.files);
  const room = { store, snapshots, clock };
  let verifying = 0;

  async function demandManifest(id: string): Promise<SnapshotManifest> {
    const manifest = await snapshots.readManifest(id);
    if (manifest === undefined) throw new InstarError("NOT_FOUND", `There is no whole snapshot ${id}`, { facts: { snapshot: id } });
    store.refresh();
    return manifest;
  }

  async function takeOnce(id: string, taking: Taking): Promise<TakenSnapshot> {
    const whole = await snapshots.readManifest(id);
    if (whole !== undefined) return { ...summaryOf(whole), copied: 0 };
    const { manifest, copied } = await explaining(`Snapshot ${id} could not be taken`, { snapshot: id }, taking.signal, () => takeSnapshot(id, taking, room));
    return { ...summaryOf(manifest), copied };
  }

  async function buildRoot<Result>(
    id: string,
    component: Component,
    name: string,
    to: string,
    { signal, onProgress }: WriteOptions,
    build: (entries: readonly TreeEntry[], options: WriteTreeOptions) => Promise<Result>,
  ): Promise<Result> {
    const root = findRoot(await demandManifest(id), component, name);
    try {
      const result = await build(readEntries(id, root, store), { signal, onEntry: onProgress });
      await store.files.syncTree(to);
      return result;
    } catch (error) {
      signal?.throwIfAborted();
      throw InstarError.is(error, "DATA_DAMAGED") ? snapshotDamaged(id, error) : explainFileError(error, `${keyOf(component, root)} could not be restored`);
    }
  }

  return {
    copyAhead: async (id, stateFolder, copying = {}) => {
      if ((await snapshots.readManifest(id)) !== undefined) return { copied: 0 };
      return explaining(`Snapshot ${id} could not be taken`, { snapshot: id }, copying.signal, () =>
        copyAhead(id, takingOfExchange(id, stateFolder, copying), room),
      );
    },
    finish: (id, stateFolder, copying = {}) => takeOnce(id, takingOfExchange(id, stateFolder, copying)),
    take: (id, taking) => takeOnce(id, { ...taking, quiet: new Set() }),
    isFinished: (id) => snapshots.isFinished(id),
    verify: async (id, verify = {}) => {
      // What a verification left that was killed.
      if (verifying === 0) await removeTree(aside);
      verifying += 1;
      try {
        return await verifySnapshot(await demandManifest(id), store, aside, verify);
      } catch (error) {
        if (InstarError.is(error, "SNAPSHOT_DAMAGED")) return { kind: "damaged", how: "read", paths: ["manifest.json"] };
        throw error;
      } finally {
        verifying -= 1;
        if (verifying === 0) await removeTree(aside);
      }
    },
    restore: (id, stateFolder, asideFolder, restoring = {}) =>
      restoreSnapshot(
        { snapshot: id, stateFolder, asideFolder, signal: restoring.signal, onProgress: restoring.onProgress },
        { markers, store, readEntries: async () => readEntries(id, findRoot(await demandManifest(id), STATE.component, STATE.name), store) },
      ),
    isMoving: async (id, stateFolder, asideFolder) => {
      const key = restoreKey({ snapshot: id, stateFolder: resolve(stateFolder), asideFolder: resolve(asideFolder) });
      return (await readUnfinished(markers)).some((marker) => marker.key === key);
    },
    writePart: (id, component, name, to, writing = {}) =>
      buildRoot(id, component, name, to, writing, async (entries, options) => ({ ownersNotKept: await writeTree(store, entries, to, options) })),
    bringPart: (id, component, name, to, writing = {}) =>
      buildRoot(id, component, name, to, writing, (entries, options) => bringTree(store, entries, to, options)),
    listChangedSince: async (id, stateFolder, signal) =>
      listChangedSince(readEntries(id, findRoot(await demandManifest(id), STATE.component, STATE.name), store), stateFolder, signal),
    list: async () => {
      const infos = await Promise.all((await snapshots.readIds()).map((id) => describe(id, snapshots)));
      return infos.sort((a, b) => b.takenAtMs - a.takenAtMs || (a.id < b.id ? 1 : -1));
    },
    remove: async (id) => {
      const restoring = (await readUnfinished(markers)).find((marker) => marker.snapshot === id);
      if (restoring !== undefined)
        throw new InstarError("CONFLICT", `Snapshot ${id} is being restored`, { facts: { snapshot: id, stateFolder: restoring.stateFolder } });
      await explaining(`Snapshot ${id} could not be removed`, { snapshot: id }, undefined, () => snapshots.remove(id));
    },
    sweep: () =>
      explaining("The store could not be swept", {}, undefined, () => store.sweep(() => collectBlobs(options.otherTrees?.() ?? [], snapshots, store))),
  };
}

function takingOfExchange(id: string, stateFolder: string, { parts = [], about, signal, onProgress }: CopyOptions): Taking {
  const state: SnapshotPart = { component: STATE.component, roots: [{ name: STATE.name, path: stateFolder }], about: {} };
  return {
    parts: [state, ...parts],
    quiet: new Set([keyOf(STATE.component, STATE)]),
    trustUnchanged: true,
    about: about ?? { kind: "incremental", tags: [], because: "The state as it was in an exchange", update: id, version: null, release: null },
    signal,
    onProgress,
  };
}

/** @throws InstarError SNAPSHOT_DAMAGED */
function readEntries(id: string, root: KeptRoot, store: ContentStore): TreeEntry[] {
  try {
    return readTree(store, root.tree);
  } catch (error) {
    throw InstarError.is(error, "DATA_DAMAGED") ? snapshotDamaged(id, error) : error;
  }
}

function snapshotDamaged(id: string, cause: InstarError): InstarError {
  return new InstarError("SNAPSHOT_DAMAGED", `Snapshot ${id} cannot be restored: ${cause.message}`, {
    cause,
    facts: { snapshot: id, ...cause.facts },
    advice: "Restore an older snapshot, or go back to the old code alone.",
  });
}

async function describe(id: string, snapshots: SnapshotFolder): Promise<SnapshotInfo> {
  const begunAtMs = await snapshots.readBegunAtMs(id);
  try {
    const manifest = await snapshots.readManifest(id);
    if (manifest === undefined) return { id, state: "unfinished", takenAtMs: begunAtMs };
    const { takenAtMs, about, parts } = manifest;
    return { id, state: "whole", takenAtMs, about, parts, ...summaryOf(manifest) };
  } catch (error) {
    if (InstarError.is(error, "SNAPSHOT_DAMAGED")) return { id, state: "damaged", takenAtMs: begunAtMs };
    throw error;
  }
}

/** All that a snapshot, or a copy ahead of one, needs. */
async function collectBlobs(otherTrees: readonly Digest[], snapshots: SnapshotFolder, store: ContentStore): Promise<ReadonlySet<Digest>> {
  const trees = new Map<Digest, string>();
  for (const id of await snapshots.readIds()) {
    const manifest = await snapshots.readManifest(id).catch((error: unknown) => {
      if (InstarError.is(error, "SNAPSHOT_DAMAGED") && error.facts.manifestVersion === 1) return "elsewhere" as const;
      throw error;
    });
    if (manifest === "elsewhere") continue;
    for (const { roots } of manifest?.parts ?? []) for (const { tree } of roots) trees.set(tree, id);
    if (manifest === undefined) for (const { tree } of snapshots.readAllAhead(id)) trees.set(tree, id);
  }
  const blobs = new Set<Digest>();
  const want = (tree: Digest, entries: readonly TreeEntry[]) => {
    blobs.add(tree);
    for (const entry of entries) if (entry.kind === "file") for (const digest of entry.blobs) blobs.add(digest);
  };
  for (const [tree, id] of trees) want(tree, readEntries(id, { name: "", files: 0, sizeBytes: 0, tree }, store));
  for (const tree of otherTrees)
    try {
      want(tree, readTree(store, tree));
    } catch (error) {
      // A copy that cannot be read can never be put back: no reason to free nothing for ever.
      if (!InstarError.is(error, "DATA_DAMAGED")) throw error;
    }
  return blobs;
}

function summaryOf({ digest, files, sizeBytes, skipped }: SnapshotManifest): Omit<TakenSnapshot, "copied"> {
  return { digest, files, sizeBytes, skipped };
}

async function explaining<Result>(
  sentence: string,
  facts: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    signal?.throwIfAborted();
    const known = explainFileError(error, sentence);
    throw known.code === "PLATFORM_FAILED" ? new InstarError("BACKUP_FAILED", known.message, { cause: error, facts }) : known;
  }
}

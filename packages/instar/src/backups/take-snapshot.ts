import { realpath, stat } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import type { ContentStore } from "../store/content-store.ts";
import { type KeepProgress, type KeptTree, type KnownFiles, keepTree } from "../store/keep-tree.ts";
import { renderRaw } from "../store/raw-path.ts";
import type { StoreWriter } from "../store/store-writer.ts";
import { parseTree, renderTree } from "../store/tree-format.ts";
import { knownFrom, renderLooks } from "../store/tree-looks.ts";
import type { LiveRoot, PartRoot, SnapshotAbout, SnapshotPart } from "./backup-parts.ts";
import { OWN_NAMES } from "./own-names.ts";
import type { SnapshotFolder } from "./snapshot-folder.ts";
import { defineManifest, type KeptRoot, type SnapshotManifest } from "./snapshot-manifest.ts";

export interface SnapshotRoom {
  readonly store: ContentStore;
  readonly snapshots: SnapshotFolder;
  readonly clock: Clock;
}

/** How sure it is that nothing writes. quiet: the agent has ended. live: it goes on writing. */
export interface Taking {
  readonly parts: readonly SnapshotPart[];
  /** Roots of these names are taken in passes until one finds nothing to read: then all of it is of one moment. */
  readonly quiet: ReadonlySet<string>;
  readonly trustUnchanged: boolean;
  readonly about: SnapshotAbout;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: KeepProgress) => void) | undefined;
}

/** File systems keep times as coarsely as two seconds (FAT); within that a second change is not seen. */
const COARSEST_TIME_NS = 2_000_000_000n;
const QUIET_PASSES = 4;
const READS_OF_ONE_FILE = 5;

/** Brings what there is into the store while the agent goes on writing, so that little is left to read once it is quiet. */
export async function copyAhead(id: string, taking: Taking, room: SnapshotRoom): Promise<{ copied: number }> {
  const { snapshots, store } = room;
  await snapshots.make(id);
  return store.write(async (writer) => {
    const looks: { key: string; bytes: Buffer }[] = [];
    const progress = sumProgress(taking.onProgress);
    for (const { key, root } of rootsOf(taking.parts)) {
      const at = await findRoot(root, taking.quiet.has(key));
      const trustedUntilNs = await flushWrites(at, room);
      const { known } = await readKnown(id, key, room);
      const kept = await keepTree(at, writer, { known, leaveOut: OWN_NAMES, signal: taking.signal, onProgress: progress.next() });
      looks.push({ key, bytes: renderLooks(await writer.addAlone(renderTree(kept.entries)), kept.entries, known, trustedUntilNs) });
    }
    await writer.flush();
    for (const { key, bytes } of looks) await snapshots.writeLooks(id, "ahead", key, bytes);
    return { copied: progress.read() };
  });
}

/** Makes the snapshot whole. Killed before its manifest is there: no snapshot, and calling again makes it. */
export async function takeSnapshot(id: string, taking: Taking, room: SnapshotRoom): Promise<{ manifest: SnapshotManifest; copied: number }> {
  const { snapshots, store } = room;
  await snapshots.make(id);
  return store.write(async (writer) => {
    const takenAtMs = room.clock.wallMs();
    const progress = sumProgress(taking.onProgress);
    const kept = new Map<string, KeptRoot>();
    const looks: { key: string; bytes: Buffer }[] = [];
    const skipped: string[] = [];
    for (const { key, root } of rootsOf(taking.parts)) {
      const isQuiet = taking.quiet.has(key);
      const at = await findRoot(root, isQuiet);
      // A quiet state was flushed when it was copied ahead: what changed since is not trusted the next time.
      const flushedUntilNs = isQuiet ? undefined : await flushWrites(at, room);
      const found = taking.trustUnchanged ? await readKnown(id, key, room) : { known: new Map(), trustedUntilNs: 0n };
      const tree = await (isQuiet ? keepQuiet : keepLive)(at, writer, found.known, { ...taking, live: root.live, onProgress: progress.next() });
      const digest = await writer.addAlone(renderTree(tree.entries));
      kept.set(key, { name: root.name, ...countFiles(tree), tree: digest });
      looks.push({ key, bytes: renderLooks(digest, tree.entries, found.known, flushedUntilNs ?? found.trustedUntilNs) });
      skipped.push(...tree.skipped.map(renderRaw));
    }
    await writer.flush();
    const parts = taking.parts.map(({ component, about, roots }) => ({
      component,
      about,
      roots: roots.flatMap((root) => kept.get(keyOf(component, root)) ?? []),
    }));
    const manifest = defineManifest({ id, takenAtMs, about: taking.about, skipped, parts });
    await snapshots.writeManifest(manifest);
    await tidy(id, looks, snapshots);
    return { manifest, copied: progress.read() };
  });
}

/** The snapshot is whole: what is not written any more costs reading again the next time, and what is not removed goes with the snapshot. */
async function tidy(id: string, looks: readonly { key: string; bytes: Buffer }[], snapshots: SnapshotFolder): Promise<void> {
  try {
    for (const { key, bytes } of looks) {
      await snapshots.writeLooks(id, "looks", key, bytes);
      await snapshots.removeOlderLooks(id, key);
    }
    await snapshots.removeAhead(id);
  } catch {
    // The disk refuses what nobody depends on.
  }
}

/** What it is called where the names of all components' roots meet. */
export const keyOf = (component: string, { name }: Pick<PartRoot, "name">) => `${component}/${name}`;

/** @throws InstarError INPUT_INVALID where two have one name */
function rootsOf(parts: readonly SnapshotPart[]): { key: string; root: PartRoot }[] {
  const roots = parts.flatMap(({ component, roots: own }) => own.map((root) => ({ key: keyOf(component, root), root })));
  const twice = roots.find(({ key }, index) => roots.findIndex((other) => other.key === key) !== index);
  if (twice !== undefined) throw new InstarError("INPUT_INVALID", `Two parts of the snapshot are called ${twice.key}`);
  return roots;
}

async function findRoot({ path }: PartRoot, mustBeFolder: boolean): Promise<string> {
  const real = await realpath(path);
  const found = await stat(real);
  if (found.isDirectory() || (found.isFile() && !mustBeFolder)) return real;
  throw new InstarError("BACKUP_FAILED", `${path} is not a folder${mustBeFolder ? "" : ", and not a file"}`, { facts: { path } });
}

/**
 * Memory-mapped writes change a file's time only when they first touch a clean page. Once flushed every page is clean, so a file whose
 * time lies before the flush cannot change any more without its time changing.
 *
 * @returns until when times can be trusted
 */
async function flushWrites(path: string, { store, clock }: SnapshotRoom): Promise<bigint> {
  const trustedUntilNs = BigInt(Math.floor(clock.wallMs())) * 1_000_000n - COARSEST_TIME_NS;
  await store.files.syncTree(path);
  return trustedUntilNs;
}

/** What was copied ahead for this snapshot, or else what the newest whole one has of the same root. */
async function readKnown(id: string, key: string, { snapshots, store }: SnapshotRoom): Promise<{ known: KnownFiles; trustedUntilNs: bigint }> {
  const looks = snapshots.readLooks(id, "ahead", key) ?? (await snapshots.findNewestLooks(key));
  if (looks === undefined) return { known: new Map(), trustedUntilNs: 0n };
  try {
    return { known: knownFrom(looks, parseTree(store.read(looks.tree))), trustedUntilNs: looks.trustedUntilNs };
  } catch (error) {
    // A tree that was swept, or is damaged: then everything is read again.
    if (InstarError.is(error, "DATA_DAMAGED")) return { known: new Map(), trustedUntilNs: 0n };
    throw error;
  }
}

interface Keeping {
  readonly live?: LiveRoot | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (progress: KeepProgress) => void;
}

/**
 * Passes until one finds nothing to read, so that what was read is known to be of one moment. A state that keeps changing while the
 * agent is said to be quiet is refused.
 */
async function keepQuiet(at: string, writer: StoreWriter, known: KnownFiles, keeping: Keeping): Promise<KeptTree> {
  for (let round = 1; ; round++) {
    const kept = await keepTree(at, writer, { known, leaveOut: OWN_NAMES, signal: keeping.signal, onProgress: keeping.onProgress });
    if (kept.changed.length === 0) return kept;
    if (round === QUIET_PASSES) throw keepsChanging("Something still writes to the state although the agent is quiet", kept.changed);
  }
}

/** Each file as it was at one moment; the moments differ. */
async function keepLive(at: string, writer: StoreWriter, known: KnownFiles, keeping: Keeping): Promise<KeptTree> {
  const kept = await keepTree(at, writer, {
    known,
    leaveOut: OWN_NAMES,
    reads: READS_OF_ONE_FILE,
    mayGrow: keeping.live !== undefined,
    instead: keeping.live?.instead,
    without: keeping.live?.without,
    signal: keeping.signal,
    onProgress: keeping.onProgress,
  });
  if (kept.unsettled.length === 0) return kept;
  throw keepsChanging(
    `${renderRaw(kept.unsettled[0] ?? "") || at} changed each time that it was read`,
    kept.unsettled,
    "state.copy names the agent's own way to a quiet copy.",
  );
}

function keepsChanging(sentence: string, paths: readonly string[], advice = "Find what else has these files open."): InstarError {
  return new InstarError("BACKUP_FAILED", sentence, {
    facts: { paths: paths.slice(0, 20).map(renderRaw) },
    advice,
    transient: true,
  });
}

function countFiles({ entries }: KeptTree): { files: number; sizeBytes: number } {
  let [files, sizeBytes] = [0, 0];
  for (const entry of entries) {
    if (entry.kind !== "file") continue;
    files += 1;
    sizeBytes += entry.size;
  }
  return { files, sizeBytes };
}

/** Every pass begins at nothing; people are told the sum. */
function sumProgress(report: (progress: KeepProgress) => void = () => {}): { next(): (progress: KeepProgress) => void; read(): number } {
  let [files, sizeBytes] = [0, 0];
  return {
    next: () => {
      let [before, beforeBytes] = [0, 0];
      return (progress) => {
        files += Math.max(1, progress.files - before);
        sizeBytes += Math.max(0, progress.sizeBytes - (progress.files > before ? beforeBytes : 0));
        [before, beforeBytes] = [progress.files, progress.sizeBytes];
        report({ files, sizeBytes });
      };
    },
    read: () => files,
  };
}

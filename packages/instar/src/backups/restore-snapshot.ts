import { lstat, mkdir, realpath, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError, removeTree, renameDurably, syncFolder } from "../platform/durable-files.ts";
import { syncTree } from "../platform/sync-tree.ts";
import type { ContentStore } from "../store/content-store.ts";
import { locate, parentOf } from "../store/raw-path.ts";
import type { TreeEntry } from "../store/tree-format.ts";
import { applyAttributes, writeTree } from "../store/write-tree.ts";
import { chooseRestorePlaces, removeLeftovers } from "./choose-restore-places.ts";
import { moveEntries } from "./move-entries.ts";
import { type RestoreMarker, readMarker, readUnfinished, restoreKey, writeMarker } from "./restore-marker.ts";

export interface RestoreRequest {
  readonly snapshot: string;
  readonly stateFolder: string;
  /** Where the present state is kept. One for each time that a state is to go back: the same three arguments are the same restore. */
  readonly asideFolder: string;
  readonly signal?: AbortSignal | undefined;
  /** After each effect. */
  readonly onProgress?: ((phase: RestorePhase) => void) | undefined;
}

export type RestorePhase = "building" | "built" | "moving-aside" | "moved-aside" | "moving-in" | "moved-in" | "done";

export interface Restored {
  /** Where the state lies that was there before; undefined where there was none. */
  readonly asideAt: string | undefined;
  /** Files that could not be given back to their owner, because this process is not root. */
  readonly ownersNotKept: number;
}

export interface RestoreRoom {
  /** Where the markers lie: how far each restore has come. */
  readonly markers: string;
  readonly store: ContentStore;
  /** What the state is made of. @throws InstarError SNAPSHOT_DAMAGED, NOT_FOUND */
  readEntries(): Promise<readonly TreeEntry[]>;
}

/**
 * Puts a snapshot in the place of the present state, which is kept aside. The agent must be quiet. Killed at any point, it goes on when
 * called again with the same arguments; once done, calling again changes nothing. What a crash leaves:
 *   while building       the state untouched, and beside it (or in it) a tree that the next call throws away and builds again
 *   while moving aside   part or all of the old state aside, nothing of the new one in place
 *   while moving in      all of the old state aside, part or all of the new one in place
 * A snapshot that is damaged, or a disk too full to build on, is refused before anything was moved.
 *
 * @throws InstarError SNAPSHOT_DAMAGED, DISK_FULL, CONFLICT, ROLLBACK_FAILED
 */
export async function restoreSnapshot(request: RestoreRequest, room: RestoreRoom): Promise<Restored> {
  const asked = resolve(request.stateFolder);
  const key = restoreKey({ snapshot: request.snapshot, stateFolder: asked, asideFolder: resolve(request.asideFolder) });
  const report = request.onProgress ?? (() => {});
  try {
    let marker = await readMarker(room.markers, key);
    if (marker === undefined) {
      marker = await prepare(request, room, asked, key, report);
      await writeMarker(room.markers, key, marker);
      report("moving-aside");
    }
    if (marker.phase === "moving-aside") {
      marker = { ...(await moveAside(marker, room.markers, key, report)), phase: "moving-in" };
      await writeMarker(room.markers, key, marker);
      report("moving-in");
    }
    if (marker.phase === "moving-in") {
      await moveIn(marker, room, report);
      marker = { ...marker, phase: "done" };
      await writeMarker(room.markers, key, marker);
      report("done");
    }
    return { asideAt: marker.asideAt, ownersNotKept: marker.ownersNotKept };
  } catch (error) {
    request.signal?.throwIfAborted();
    throw explainRestoreError(error, request);
  }
}

async function prepare(request: RestoreRequest, room: RestoreRoom, asked: string, key: string, report: (phase: RestorePhase) => void): Promise<RestoreMarker> {
  const hasState = await isThere(asked);
  const stateFolder = hasState ? await realpath(asked) : join(await realpath(dirname(asked)), basename(asked));
  await assertNoOther(room.markers, stateFolder, request.snapshot);
  const entries = await room.readEntries();
  await removeLeftovers(stateFolder);
  const places = await chooseRestorePlaces({ stateFolder, hasState, asideFolder: resolve(request.asideFolder), key });
  let ownersNotKept: number;
  try {
    ownersNotKept = await writeTree(room.store, entries, places.builtAt, { signal: request.signal, onEntry: () => report("building") });
    await syncTree(places.builtAt);
    await syncFolder(dirname(places.builtAt));
  } catch (error) {
    // On a full disk this gives the space back; the state has not been touched.
    await removeTree(places.builtAt);
    throw error;
  }
  report("built");
  return { version: 1, snapshot: request.snapshot, askedFor: asked, stateFolder, phase: "moving-aside", ...places, ownersNotKept };
}

async function assertNoOther(markers: string, stateFolder: string, snapshot: string): Promise<void> {
  const other = (await readUnfinished(markers)).find((marker) => marker.stateFolder === stateFolder);
  if (other === undefined) return;
  throw new InstarError("CONFLICT", `The restore of snapshot ${other.snapshot} to ${stateFolder} has begun and must be finished before that of ${snapshot}`, {
    facts: { stateFolder, snapshot: other.snapshot },
    advice: "Ask for that restore again, with the same arguments.",
  });
}

/** Nothing is at `asideAt` before, its name being this restore's own: so what is there was moved by an earlier call. */
async function moveAside(marker: RestoreMarker, markers: string, key: string, report: (phase: RestorePhase) => void): Promise<RestoreMarker> {
  const { stateFolder, asideAt } = marker;
  if (asideAt === undefined) return marker;
  if (marker.layout === "whole") {
    if ((await isThere(asideAt)) || !(await isThere(stateFolder))) return marker;
    try {
      await renameDurably(stateFolder, asideAt);
      report("moved-aside");
      return marker;
    } catch (error) {
      if (!refusesRename(error)) throw error;
    }
    // Written before the first entry moves, so that a later call goes on in the same way.
    const byEntry: RestoreMarker = { ...marker, layout: "entries" };
    await writeMarker(markers, key, byEntry);
    return moveAside(byEntry, markers, key, report);
  }
  await mkdir(asideAt, { recursive: true, mode: 0o700 });
  await syncFolder(dirname(asideAt));
  await moveEntries(stateFolder, asideAt, () => report("moved-aside"));
  return marker;
}

/** A sticky parent lets anybody create a folder and only its owner rename it. */
function refusesRename(error: unknown): boolean {
  const cause = (error as { cause?: NodeJS.ErrnoException } | undefined)?.cause;
  return ["EPERM", "EACCES", "EBUSY", "EXDEV"].includes(cause?.code ?? "");
}

async function moveIn(marker: RestoreMarker, room: RestoreRoom, report: (phase: RestorePhase) => void): Promise<void> {
  const { stateFolder, builtAt } = marker;
  if (marker.layout === "whole") {
    if (await isThere(builtAt)) await renameDurably(builtAt, stateFolder);
    report("moved-in");
    return;
  }
  if (await isThere(builtAt)) {
    await moveEntries(builtAt, stateFolder, () => report("moved-in"));
    await rmdir(builtAt);
  }
  // The folder stayed and takes the restored one's owner, mode and time; so do folders that had to be opened to be moved.
  for (const entry of (await room.readEntries()).toReversed())
    if (entry.path === "" || (entry.kind === "folder" && parentOf(entry.path) === "")) applyAttributes(entry, locate(stateFolder, entry.path));
  await syncFolder(stateFolder);
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}

function explainRestoreError(error: unknown, request: RestoreRequest): InstarError {
  if (InstarError.is(error, "DATA_DAMAGED") && error.facts.path !== undefined)
    return new InstarError("SNAPSHOT_DAMAGED", `Snapshot ${request.snapshot} cannot be restored: ${error.message}`, {
      cause: error,
      facts: { ...error.facts, snapshot: request.snapshot },
      advice: "The state is untouched. Restore an older snapshot, or go back to the old code alone.",
    });
  const known = explainFileError(error, `Snapshot ${request.snapshot} could not be restored`);
  if (known.code !== "PLATFORM_FAILED") return known;
  const code = (error as { cause?: NodeJS.ErrnoException } | undefined)?.cause?.code;
  if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR")
    return new InstarError("CONFLICT", `Something was created at ${request.stateFolder} during the restore`, {
      cause: error,
      advice: "Move it away and ask for the same restore again: the old state is aside, the restored one lies ready beside it.",
    });
  return new InstarError("ROLLBACK_FAILED", `Snapshot ${request.snapshot} could not be restored`, {
    cause: error,
    facts: { stateFolder: request.stateFolder, snapshot: request.snapshot },
    advice: "Nothing was deleted. Ask for the same restore again once the cause is gone.",
  });
}

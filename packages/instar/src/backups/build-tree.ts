import { chmodSync, lchownSync, linkSync, lutimesSync, mkdirSync, symlinkSync } from "node:fs";
import { InstarError } from "@instar/protocol";
import { type CloneMemory, copyFile } from "./copy-file.ts";
import { locate, renderRaw } from "./raw-path.ts";
import type { ManifestEntry, SnapshotManifest } from "./snapshot-manifest.ts";
import { createTurns } from "./take-turns.ts";

/**
 * Makes a tree from a snapshot where nothing is yet, checking every byte on the way. Folders get their modes last and from the
 * inside out: a read-only one would refuse what belongs in it. Modification times are kept to the microsecond.
 *
 * @returns how many owners could not be given back: only root may give files away
 * @throws InstarError SNAPSHOT_DAMAGED; and what the operating system throws
 */
export async function buildTree(
  manifest: SnapshotManifest,
  tree: string,
  to: string,
  options: { signal?: AbortSignal | undefined; onEntry?: (() => void) | undefined } = {},
): Promise<number> {
  const turns = createTurns(options.signal);
  const memory: CloneMemory = { canClone: true };
  for (const entry of manifest.entries) {
    await turns.take();
    const at = locate(to, entry.path);
    if (entry.kind === "folder") mkdirSync(at, { mode: 0o700 });
    else if (entry.target !== undefined) symlinkSync(Buffer.from(entry.target, "latin1"), at);
    else if (entry.sameAs !== undefined) linkSync(locate(to, entry.sameAs), at);
    else if ((await bring(locate(tree, entry.path), at)) !== entry.sha256) throw damaged(manifest, entry);
    options.onEntry?.();
  }
  let ownersNotKept = 0;
  for (const entry of manifest.entries.toReversed()) {
    await turns.take();
    if (!applyAttributes(entry, locate(to, entry.path))) ownersNotKept += 1;
  }
  return ownersNotKept;

  async function bring(from: Buffer, at: Buffer): Promise<string | undefined> {
    const result = await copyFile(from, at, turns, memory);
    return result.kind === "copied" ? result.sha256 : undefined;
  }
}

/** Owner first: giving a file away takes its set-user-id bit. False where the owner could not be given. */
export function applyAttributes(entry: ManifestEntry, at: Buffer): boolean {
  const hasOwner = giveOwner(entry, at);
  if (entry.kind !== "link") chmodSync(at, entry.mode);
  const seconds = Number(entry.mtimeNs) / 1e9;
  lutimesSync(at, seconds, seconds);
  return hasOwner;
}

function giveOwner(entry: ManifestEntry, at: Buffer): boolean {
  if (process.platform === "win32") return true;
  try {
    lchownSync(at, entry.uid, entry.gid);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
    return false;
  }
}

function damaged(manifest: SnapshotManifest, entry: ManifestEntry): InstarError {
  return new InstarError("SNAPSHOT_DAMAGED", `Snapshot ${manifest.id} cannot be restored: ${renderRaw(entry.path)} is not what was written`, {
    facts: { snapshot: manifest.id, path: renderRaw(entry.path) },
    advice: "The state is untouched. Restore an older snapshot, or go back to the old code alone.",
  });
}

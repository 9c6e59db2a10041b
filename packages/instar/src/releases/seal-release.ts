import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { removeTree, writeFileDurably } from "../platform/durable-files.ts";
import { syncTree } from "../platform/sync-tree.ts";
import { hashFile } from "./hash-file.ts";
import { lockTree } from "./lock-tree.ts";
import { digestOf, type ManifestEntry, renderManifest, renderMode, sealedMode } from "./manifest.ts";
import type { ReleaseFacts, ReleaseRecord } from "./release-record.ts";
import { runInParallel } from "./run-in-parallel.ts";
import { ownFile, type Sharing } from "./share-files.ts";
import { type FoundEntry, walkTree } from "./walk-tree.ts";

export interface Sealing {
  readonly id: string;
  /** releases/<id>, holding the finished tree. */
  readonly folder: string;
  readonly dependenciesFolder: string;
  readonly previous: Sharing["previous"];
  readonly slotCanWrite: boolean;
  readonly facts: ReleaseFacts;
  readonly sealedAt: string;
}

/**
 * Turns a finished tree into a release: unchanged files shared, everything read-only, synced once, its manifest written, its
 * record last. A crash anywhere before the record leaves an unfinished attempt; running this again repairs it, because each
 * pass begins by looking at what is there. Throws what the file system says.
 */
export async function sealRelease(sealing: Sealing): Promise<ReleaseRecord> {
  const tree = join(sealing.folder, "tree");
  const scratch = join(sealing.folder, "scratch");
  await removeTree(scratch);
  await mkdir(scratch, { mode: 0o700 });
  await unlockFolders(tree);
  const hashes = await ownFiles(await walkTree(tree, sealing.dependenciesFolder), { ...sealing, tree, scratch, canReflink: true });
  await removeTree(scratch);
  await lockTree(tree);
  const manifest = (await walkTree(tree, sealing.dependenciesFolder)).map((entry) => describe(entry, hashes.get(entry.path)));
  await syncTree(sealing.folder);
  await writeFileDurably(join(sealing.folder, "manifest.jsonl"), renderManifest(manifest));
  const record: ReleaseRecord = {
    ...sealing.facts,
    id: sealing.id,
    digest: digestOf(manifest),
    files: manifest.filter((entry) => entry.kind === "file").length,
    sizeBytes: manifest.reduce((sum, entry) => sum + entry.sizeBytes, 0),
    sealedAt: sealing.sealedAt,
  };
  await writeFileDurably(join(sealing.folder, "release.json"), `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

/** An attempt that a crash cut short may be locked already; a locked folder lets no file be replaced. */
async function unlockFolders(tree: string): Promise<void> {
  await chmod(tree, 0o755);
  for (const { kind, mode, at } of await walkTree(tree, undefined)) if (kind === "folder" && (mode & 0o200) === 0) await chmod(at, mode | 0o200);
}

async function ownFiles(found: readonly FoundEntry[], sharing: Sharing): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  const files = found.filter((entry) => entry.kind === "file");
  await runInParallel(files, async (file) => {
    const sha256 = await hashFile(file.at);
    hashes.set(file.path, sha256);
    if (!file.isShared) await ownFile(file, sha256, sharing);
  });
  return hashes;
}

function describe(entry: FoundEntry, sha256: string | undefined): ManifestEntry {
  const { path, kind, sizeBytes, target, isShared } = entry;
  if (kind === "other")
    throw new InstarError("BUILD_FAILED", `${JSON.stringify(path)} is neither file, folder nor link, or its name is not UTF-8; a release cannot hold it`, {
      facts: { path },
    });
  return {
    path,
    kind,
    mode: renderMode(sealedMode(entry.mode)),
    sizeBytes,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(target === undefined ? {} : { target }),
    isShared,
    mtimeNs: String(entry.mtimeNs),
  };
}

import { hashFile } from "./copy-file.ts";
import { locate, renderRaw } from "./raw-path.ts";
import type { SnapshotManifest } from "./snapshot-manifest.ts";
import { createTurns } from "./take-turns.ts";

export type SnapshotVerdict = { readonly kind: "intact" } | { readonly kind: "damaged"; readonly paths: readonly string[] };

/** Reads every byte again; times and sizes prove nothing. Damaged files are named by their path in the state. */
export async function verifySnapshot(manifest: SnapshotManifest, tree: string, signal?: AbortSignal): Promise<SnapshotVerdict> {
  const turns = createTurns(signal);
  const paths: string[] = [];
  for (const entry of manifest.entries) {
    if (entry.sha256 === undefined) continue;
    const found = await hashFile(locate(tree, entry.path), turns).catch((error: NodeJS.ErrnoException) => {
      signal?.throwIfAborted();
      // A file that cannot be read is as lost as one that reads wrong: EIO is how a dying disk says it.
      return { sha256: error.code };
    });
    if (found.sha256 !== entry.sha256) paths.push(renderRaw(entry.path));
  }
  return paths.length === 0 ? { kind: "intact" } : { kind: "damaged", paths };
}

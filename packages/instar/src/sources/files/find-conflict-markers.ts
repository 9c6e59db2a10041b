import { listTreeEdits } from "../edit-tree.ts";
import type { GitMirror } from "../git-mirror.ts";
import { collect, readBlobs } from "../read-blobs.ts";
import { EMPTY_TREE } from "./import-folder.ts";

/** Larger files are data, which nobody merges by hand. */
const MOST_BYTES = 4 * 1_048_576;

/** Paths, among those in which a tree differs from another, whose text still holds both ends of a conflict at the beginnings of lines, in this order. */
export async function findConflictMarkers(mirror: GitMirror, from: string | null, tree: string, signal?: AbortSignal): Promise<readonly string[]> {
  const files = (await listTreeEdits(mirror, from ?? EMPTY_TREE, tree, signal)).flatMap((edit) =>
    edit.kind === "put" && edit.mode !== "120000" ? [{ path: edit.path, object: edit.object }] : [],
  );
  const marked: string[] = [];
  const objects = files.map(({ object }) => object);
  const take: Parameters<typeof readBlobs>[2] = async (blob, index) => {
    if (blob.sizeBytes > MOST_BYTES) for await (const _ of blob.chunks);
    else if (hasConflictMarkers((await collect(blob)).toString("latin1"))) marked.push(files[index]?.path ?? "");
  };
  await readBlobs(mirror, objects, take, signal);
  return marked;
}

export function hasConflictMarkers(text: string): boolean {
  const begins = text.search(/^<{7} /m);
  return begins !== -1 && /^>{7} /m.test(text.slice(begins));
}

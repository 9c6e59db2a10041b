import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { z } from "zod";
import { makePrivateFolder, readJsonFile, syncFolder, writeFileDurably } from "../platform/durable-files.ts";

/** How far a restore has come, on disk. Before the first marker the state is untouched. */
const markerSchema = z.strictObject({
  version: z.literal(1),
  snapshot: z.string(),
  /** As it was asked for, and where that really is. */
  askedFor: z.string(),
  stateFolder: z.string(),
  phase: z.enum(["moving-aside", "moving-in", "done"]),
  /** whole: the folder itself changes places. entries: what is in it does, one by one. */
  layout: z.enum(["whole", "entries"]),
  builtAt: z.string(),
  /** Absent where there was no state to move aside. */
  asideAt: z.string().exactOptional(),
  ownersNotKept: z.int(),
});
export type RestoreMarker = z.output<typeof markerSchema>;

/** The same for the same restore, however often it is asked for. */
export function restoreKey(parts: { snapshot: string; stateFolder: string; asideFolder: string }): string {
  return createHash("sha256").update([parts.snapshot, parts.stateFolder, parts.asideFolder].join("\0")).digest("hex").slice(0, 16);
}

export async function readMarker(folder: string, key: string): Promise<RestoreMarker | undefined> {
  const found = await readJsonFile(join(folder, `${key}.json`));
  if (found === undefined) return undefined;
  const parsed = markerSchema.safeParse(found);
  if (parsed.success) return parsed.data;
  throw new InstarError("DATA_DAMAGED", `The marker of restore ${key} is not what was written`, { cause: parsed.error, facts: { folder } });
}

export async function writeMarker(folder: string, key: string, marker: RestoreMarker): Promise<void> {
  await makePrivateFolder(folder);
  await syncFolder(join(folder, ".."));
  await writeFileDurably(join(folder, `${key}.json`), JSON.stringify(marker));
}

/** Restores that began to move things and have not finished. */
export async function readUnfinished(folder: string): Promise<(RestoreMarker & { key: string })[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const keys = names.flatMap((name) => /^([0-9a-f]{16})\.json$/.exec(name)?.[1] ?? []);
  const markers = await Promise.all(keys.map(async (key) => ({ key, marker: await readMarker(folder, key) })));
  return markers.flatMap(({ key, marker }) => (marker === undefined || marker.phase === "done" ? [] : { ...marker, key }));
}

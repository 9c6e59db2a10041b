import { z } from "zod";
import { readJsonFile, writeFileDurably } from "../platform/durable-files.ts";
import type { KnownFiles } from "./copy-tree.ts";

const notesSchema = z.strictObject({ version: z.literal(1), files: z.array(z.tuple([z.string(), z.string(), z.string()])) });

/** How the originals looked when their bytes were taken. None, or none that can be read: everything is copied again. */
export async function readAheadNotes(path: string): Promise<KnownFiles> {
  const found = notesSchema.safeParse(await readJsonFile(path).catch(() => undefined));
  return new Map((found.data?.files ?? []).map(([file, seen, sha256]) => [file, { seen, sha256 }]));
}

export async function writeAheadNotes(path: string, known: KnownFiles): Promise<void> {
  await writeFileDurably(path, JSON.stringify({ version: 1, files: [...known].map(([file, { seen, sha256 }]) => [file, seen, sha256]) }));
}

import { opendir, unlink } from "node:fs/promises";
import type { FolderRoom } from "./folder-room.ts";
import { type HeldFolder, holdTop } from "./hold-folder.ts";
import { isStagedName, lookAt } from "./place-file.ts";

/** Another process may be writing: what is younger is left. */
const OLD_MS = 3_600_000;

/** Removes what a crash left at the folder's top. An agent that gives a file of its own such a name loses it after an hour, and nothing else. */
export async function sweepStaged(room: FolderRoom): Promise<void> {
  const top = await holdTop(room);
  try {
    for await (const { name } of await opendir(top.at(".").toString())) if (isStagedName(name)) await sweepOne(room, top, name);
  } finally {
    await top.close();
  }
}

async function sweepOne(room: FolderRoom, top: HeldFolder, name: string): Promise<void> {
  const found = await lookAt(top, name).catch(() => undefined);
  if (found !== undefined && !found.isDirectory() && room.clock.wallMs() - found.mtimeMs > OLD_MS) await unlink(top.at(name)).catch(() => undefined);
}

import { chmod, lstat, readdir, rename } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { syncFolder } from "../platform/durable-files.ts";
import { locate } from "../store/raw-path.ts";
import { OWN_NAMES } from "./own-names.ts";

/**
 * Moves everything in a folder into another on the same file system, except Instar's own. Called again after a crash it goes
 * on with what is left: each entry is in exactly one of the two. Never replaces anything.
 *
 * @throws InstarError CONFLICT where a name is taken: then something else writes there
 */
export async function moveEntries(from: string, to: string, onMoved: () => void): Promise<void> {
  for (const name of await readdir(from, { encoding: "buffer" })) {
    const raw = name.toString("latin1");
    if (OWN_NAMES.test(raw)) continue;
    if (await isThere(locate(to, raw)))
      throw new InstarError("CONFLICT", `${name} is in ${from} and in ${to}; nothing was replaced`, {
        facts: { from, to, name: name.toString() },
        advice: "Something else wrote there during the restore. Move one of the two away; the restore then goes on.",
      });
    await moveOne(locate(from, raw), locate(to, raw));
    onMoved();
  }
  await syncFolder(to);
  await syncFolder(from);
}

/** A folder that its owner may not write to refuses to change its parent: its ".." would have to be written. */
async function moveOne(from: Buffer, to: Buffer): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    const found = await lstat(from);
    if ((error as NodeJS.ErrnoException).code !== "EACCES" || !found.isDirectory()) throw error;
    // A crash before the last line leaves a folder that its owner may write to.
    await chmod(from, found.mode | 0o200);
    await rename(from, to);
    await chmod(to, found.mode);
  }
}

async function isThere(path: Buffer): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Removes what `writeFileDurably` leaves where it is killed: files of a name that nothing else has. Only where no writer lives. */
export async function sweepTemporary(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) if (/^\.tmp-[0-9a-f]{12}$/.test(name)) await rm(join(folder, name), { force: true });
}

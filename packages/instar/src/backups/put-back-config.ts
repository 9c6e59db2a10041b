import { chmod, chown, lstat, mkdir, readFile, readlink, rm, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import { renameDurably, syncFolder, writeFileDurably } from "../platform/durable-files.ts";
import type { ConfigFile } from "./compare-config.ts";

/**
 * Puts one file of a configuration back as a backup has it. Each file is whole at every instant; killed between two of them, the next call goes on with
 * those that still differ.
 */
export async function putBackConfigFile({ path, kept }: ConfigFile): Promise<void> {
  if (kept === undefined) {
    await rm(path);
    await syncFolder(dirname(path));
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  const stats = await lstat(kept);
  if (stats.isSymbolicLink()) {
    const fresh = `${path}.instar-link`;
    await rm(fresh, { force: true });
    await symlink(await readlink(kept), fresh);
    return renameDurably(fresh, path);
  }
  await writeFileDurably(path, await readFile(kept), 0o600);
  // Owner first: giving a file away takes its set-user-id bit. Only root may.
  await chown(path, stats.uid, stats.gid).catch(() => undefined);
  await chmod(path, stats.mode & 0o7777);
}

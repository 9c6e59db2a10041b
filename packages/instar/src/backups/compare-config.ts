import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

export interface ConfigFile {
  /** Absolute, where it belongs. */
  readonly path: string;
  /** What the backup has: the file's place in it; undefined where it has none. */
  readonly kept: string | undefined;
  /** SHA-256 of what is there now; undefined where nothing is. */
  readonly now: string | undefined;
}

/** Every file of a configuration that is not now as a backup has it: changed, removed or new since. Links are compared by where they point. */
export async function compareConfig(kept: string, path: string): Promise<ConfigFile[]> {
  const [before, now] = [await digestFiles(kept), await digestFiles(path)];
  const names = [...new Set([...before.keys(), ...now.keys()])].toSorted();
  return names
    .filter((name) => before.get(name) !== now.get(name))
    .map((name) => ({ path: below(path, name), kept: before.has(name) ? below(kept, name) : undefined, now: now.get(name) }));
}

const below = (root: string, name: string) => (name === "" ? root : join(root, name));

/** Of each file at or below a path, by its path from there; "" for the path itself. */
async function digestFiles(root: string, name = "", found = new Map<string, string>()): Promise<Map<string, string>> {
  const at = below(root, name);
  const stats = await lstat(at).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
  if (stats?.isFile()) found.set(name, digestOf(await readFile(at)));
  if (stats?.isSymbolicLink()) found.set(name, digestOf(`link to ${await readlink(at)}`));
  if (stats?.isDirectory()) for (const entry of await readdir(at)) await digestFiles(root, join(name, entry), found);
  return found;
}

export const digestOf = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

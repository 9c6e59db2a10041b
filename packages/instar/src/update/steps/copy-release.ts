import { chmod, cp, mkdir, readdir, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * A copy of a release that jobs may write to. Installed dependencies are large and are linked: they are read-only in the release. Of node_modules the
 * packages are linked one by one, because tools keep caches beside them (.vite-temp, .cache) and give up where they cannot.
 */
export async function copyRelease(tree: string, copy: string, produced: readonly string[]): Promise<void> {
  const linked = new Set(produced.map((path) => join(tree, path)));
  await mkdir(dirname(copy), { recursive: true });
  await cp(tree, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, filter: (from) => !linked.has(from) });
  await makeWritable(copy);
  for (const path of produced) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await (basename(path) === "node_modules"
      ? linkEntries(join(tree, path), join(copy, path))
      : symlink(join(tree, path), join(copy, path)).catch(() => undefined));
  }
}

/** Where installing made nothing there is nothing to link. */
async function linkEntries(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch(() => []);
  if (names.length === 0) return;
  await mkdir(to, { recursive: true });
  for (const name of names) await symlink(join(from, name), join(to, name)).catch(() => undefined);
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
}

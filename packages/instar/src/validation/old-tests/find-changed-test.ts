import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isRealFolder } from "./is-real-folder.ts";
import type { OldTestsPlan } from "./plan-old-tests.ts";

/**
 * Looks, after old tests ran, whether they are still the old ones: the candidate's code ran among them with the same rights, and what rewrites its
 * judges passes by them.
 *
 * @returns the first one that is not what it was; undefined where all are
 */
export async function findChangedTest(
  { programs, manifest }: Extract<OldTestsPlan, { kind: "lay" }>,
  { tree, running }: { readonly tree: string; readonly running: string },
): Promise<string | undefined> {
  for (const path of programs) if (!(await isSame(tree, running, path))) return path;
  // The command is read out of it again for every run.
  if (manifest !== null && (await readFile(join(tree, "package.json"), "utf8").catch(() => undefined)) !== manifest) return "package.json";
  return undefined;
}

async function isSame(tree: string, running: string, path: string): Promise<boolean> {
  const [now, before] = await Promise.all([tree, running].map((root) => lstat(join(root, path)).catch(() => undefined)));
  if (before === undefined || !before.isFile()) return true;
  if (now === undefined || !now.isFile() || now.size !== before.size || !(await isRealFolder(tree, dirname(path)))) return false;
  const [one, other] = await Promise.all([tree, running].map((root) => digestFile(join(root, path))));
  return one === other;
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

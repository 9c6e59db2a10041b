import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** All of a tree that a snapshot keeps, as text lines: for telling two trees apart in a test. Own code, so that the code under test is not its own judge. */
export function renderTree(root: string, path = "", inodes = new Map<number, string>()): string[] {
  const at = path === "" ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, "latin1")]);
  const stats = lstatSync(at);
  const common = `${JSON.stringify(path)} ${stats.mode.toString(8)} ${stats.uid}:${stats.gid} ${Math.round(stats.mtimeMs)}`;
  if (stats.isSymbolicLink()) return [`${common} -> ${readlinkSync(at, "latin1")}`];
  if (stats.isDirectory()) {
    const names = readdirSync(at, "latin1").sort();
    return [common, ...names.flatMap((name) => renderTree(root, path === "" ? name : `${path}/${name}`, inodes))];
  }
  if (!stats.isFile()) return [];
  const first = inodes.get(stats.ino);
  if (first !== undefined) return [`${common} is ${first}`];
  inodes.set(stats.ino, path);
  return [`${common} ${stats.size} ${createHash("sha256").update(readFileSync(at)).digest("hex")}`];
}

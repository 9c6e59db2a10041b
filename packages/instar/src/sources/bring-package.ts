import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Facts } from "../database/facts.ts";
import { removeTree } from "../platform/durable-files.ts";
import { importFolder } from "./files/import-folder.ts";
import type { IsIgnored } from "./files/path-rules.ts";
import type { GitSource } from "./git-source.ts";

export interface PackageTools {
  readonly git: GitSource;
  readonly facts: Facts;
  /** Private; emptied before and after. */
  readonly scratchFolder: string;
}

/** What was brought before, by its key: newest last. */
type Brought = readonly { readonly key: string; readonly commit: string }[];
const KEPT = 50;
const JSON_LIMIT_BYTES = 1_048_576;

/**
 * What is not in git becomes a commit in the mirror: its files, and nothing of when or whence, so that the same files are the same commit whoever brings
 * them. What was brought before is not downloaded again.
 *
 * @param key what it is at its source
 * @param unpack puts its files into an empty folder
 */
export async function bringPackage(
  { git, facts, scratchFolder }: PackageTools,
  { source, key, unpack }: { source: string; key: string; unpack: (into: string, signal: AbortSignal) => Promise<void> },
  signal: AbortSignal,
): Promise<string> {
  const fact = `brought:${source}`;
  const before = facts.read<Brought>(fact) ?? [];
  const known = before.find((each) => each.key === key);
  if (known !== undefined && (await git.isImported(known.commit))) return known.commit;
  await removeTree(scratchFolder);
  try {
    await mkdir(scratchFolder, { recursive: true, mode: 0o700 });
    await unpack(scratchFolder, signal);
    const commit = await importAsCommit(git, scratchFolder, signal);
    facts.write(fact, [...before.filter((each) => each.key !== key), { key, commit }].slice(-KEPT));
    return commit;
  } finally {
    await removeTree(scratchFolder);
  }
}

/** The files of a folder as a commit without parents: the same files are the same commit. */
export async function importAsCommit(git: GitSource, folder: string, signal: AbortSignal, isIgnored: IsIgnored = () => false): Promise<string> {
  const message = await readName(folder);
  const what = { folder, isIgnored, message, parent: null, atSeconds: 0, known: new Map() };
  const { commit } = await git.alone(() => importFolder(git.mirror, what, signal));
  await git.keepImported(commit);
  return commit;
}

/** `agent@1.2.3`, as its package.json says; nobody has proved it. */
async function readName(folder: string): Promise<string> {
  const text = await readFile(join(folder, "package.json"), "utf8").catch(() => "");
  const UNNAMED = "files without a package.json";
  if (text === "" || text.length > JSON_LIMIT_BYTES) return UNNAMED;
  try {
    const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown };
    return `${typeof name === "string" ? name : "unnamed"}@${typeof version === "string" ? version : "unversioned"}`.replace(/[\p{Cc}]/gu, " ").slice(0, 200);
  } catch {
    return UNNAMED;
  }
}

import { lstat, readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

export type AtRest = { readonly kind: "rests" } | { readonly kind: "busy"; readonly because: string };

/** In a checkout's git folder while something is under way that leaves half-made files in the folder. */
const UNDER_WAY: Readonly<Record<string, string>> = {
  "index.lock": "git is writing",
  "HEAD.lock": "git is writing",
  "rebase-merge": "a rebase is under way",
  "rebase-apply": "a rebase is under way",
  MERGE_HEAD: "a merge is under way",
  CHERRY_PICK_HEAD: "a cherry-pick is under way",
  REVERT_HEAD: "a revert is under way",
};

/** Whether git has something under way in the checkout that a folder is, or lies in. A folder without git always rests. */
export async function isAtRest(folder: string): Promise<AtRest> {
  const gitFolder = await findGitFolder(folder);
  if (gitFolder === undefined) return { kind: "rests" };
  for (const [name, words] of Object.entries(UNDER_WAY)) {
    const path = join(gitFolder, name);
    if (await lstat(path).catch(() => undefined)) return { kind: "busy", because: `${words} in the folder (${path} is there)` };
  }
  return { kind: "rests" };
}

async function findGitFolder(folder: string): Promise<string | undefined> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, ".git");
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) return path;
    if (found?.isFile() && found.size < 8_192) return readGitFile(path, at);
    if (at === dirname(at)) return undefined;
  }
}

/** A worktree's or submodule's `.git` names its folder. Nothing in there is opened, only asked whether it is there. */
async function readGitFile(path: string, from: string): Promise<string | undefined> {
  const named = /^gitdir: (.+?)\r?\n?$/s.exec(await readFile(path, "utf8").catch(() => ""))?.[1];
  return named === undefined ? undefined : resolve(from, named);
}

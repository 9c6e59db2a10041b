import type { GitMirror } from "./git-mirror.ts";

export interface NewCommit {
  /** Its name, or `<commit>^{tree}`. */
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
  /** Said to be its time: with the clock's, no two commits would be the same. */
  readonly atSeconds: number;
  /** Who wrote it; Instar where it is left out, and who committed it always. */
  readonly author?: { readonly name: string; readonly email: string };
}

/** Written as an object, so that author and time are said and not asked for: the same commit always has the same name. */
export async function writeCommit(mirror: GitMirror, { tree, parents, message, atSeconds, author }: NewCommit, signal?: AbortSignal): Promise<string> {
  const object = /^[0-9a-f]{40}$/.test(tree) ? tree : await readName(mirror, tree, signal);
  const at = `${atSeconds} +0000`;
  const who = `Instar <instar@localhost> ${at}`;
  // What separates the parts of a commit stands in no name.
  const plain = (text: string) => text.replace(/[<>\p{Cc}]/gu, "");
  const writer = author === undefined ? who : `${plain(author.name)} <${plain(author.email)}> ${at}`;
  const lines = [`tree ${object}`, ...parents.map((parent) => `parent ${parent}`), `author ${writer}`, `committer ${who}`, "", message, ""];
  const { stdout } = await mirror.run(["hash-object", "-t", "commit", "-w", "--stdin"], { stdin: lines.join("\n"), signal });
  return stdout.toString("latin1").trim();
}

async function readName(mirror: GitMirror, tree: string, signal: AbortSignal | undefined): Promise<string> {
  const { stdout } = await mirror.run(["rev-parse", "--verify", "--quiet", "--end-of-options", tree], { signal });
  return stdout.toString("latin1").trim();
}

/** When a commit says that it was made; 1970 for what no calendar holds. */
export async function readTime(mirror: GitMirror, commit: string): Promise<number> {
  const { stdout } = await mirror.run(["show", "-s", "--format=%ct", "--end-of-options", commit]);
  const seconds = Number(stdout.toString("latin1").trim());
  return Number.isSafeInteger(seconds) && seconds >= 0 && seconds < 2 ** 33 ? seconds : 0;
}

/** Without a ref a later tidying of the mirror could take it away. */
export async function pinMade(mirror: GitMirror, commit: string): Promise<void> {
  const ref = `refs/instar/merged/${commit}`;
  await mirror.clear([ref]);
  await mirror.run(["update-ref", ref, commit]);
}

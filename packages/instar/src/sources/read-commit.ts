import { InstarError } from "@instar/protocol";
import type { GitMirror } from "./git-mirror.ts";
import { parsePackageVersion } from "./parse-package-version.ts";

export interface CommitFacts {
  readonly commit: string;
  readonly tree: string;
  /** `name <email>`, as the commit says; nobody has proved it. */
  readonly author: string;
  /** When it was committed, ISO 8601 in UTC; nobody has proved it either. */
  readonly at: string;
  readonly subject: string;
  /** What the package says of itself, else the tag it was found by, else the short commit. */
  readonly version: string;
  /** The subjects since the previous commit, newest first, at most 100; just this one's where there is no previous. */
  readonly changes: readonly string[];
  /** Names and addresses of who wrote and who committed what came since the previous commit, each once; nobody has proved them. */
  readonly authors: readonly string[];
}

export interface CommitQuestion {
  /** agent.directory: asked for a version before the repository's root is. Default: the root. */
  readonly directory?: string;
  /** The commit that runs now. One that the mirror does not hold counts as none. */
  readonly since?: string | undefined;
  /** The version of the tag by which the commit was found. */
  readonly taggedAs?: string | undefined;
  readonly signal?: AbortSignal;
}

/** @throws InstarError NOT_FOUND (the mirror has no such commit), PLATFORM_FAILED */
export async function readCommit(mirror: GitMirror, commit: string, question: CommitQuestion = {}): Promise<CommitFacts> {
  const { signal } = question;
  const asked = await mirror.run(["show", "-s", "--encoding=UTF-8", "--format=%H%x00%T%x00%an <%ae>%x00%ct%x00%s", "--end-of-options", commit], {
    accept: [128],
    signal,
  });
  const [found, tree, author, seconds, subject] = asked.stdout.toString("utf8").replace(/\n$/, "").split("\0");
  if (asked.status !== 0 || found !== commit || tree === undefined)
    throw new InstarError("NOT_FOUND", `the mirror has no commit ${commit.slice(0, 12)}`, { facts: { commit } });
  const own = printable(subject ?? "");
  const [version, changes, authors] = await Promise.all([
    readVersion(mirror, commit, question),
    readSubjects(mirror, commit, question),
    readAuthors(mirror, commit, question),
  ]);
  return {
    commit,
    tree,
    author: printable(author ?? ""),
    at: isoTime(Number(seconds)),
    subject: own,
    version: version ?? question.taggedAs ?? commit.slice(0, 7),
    changes: changes ?? [own],
    authors,
  };
}

async function readVersion(mirror: GitMirror, commit: string, { directory = ".", signal }: CommitQuestion): Promise<string | undefined> {
  for (const folder of new Set([directory.replace(/^\.\/|\/$/g, ""), "."])) {
    const read = async (name: string) =>
      (await readFileOf(mirror, commit, folder === "." || folder === "" ? name : `${folder}/${name}`, MAX_VERSION_FILE_BYTES, signal))?.toString("utf8");
    const [packageJson, pyproject, versionFile] = await Promise.all([read("package.json"), read("pyproject.toml"), read("VERSION")]);
    const version = parsePackageVersion({ packageJson, pyproject, versionFile });
    if (version !== undefined) return version;
  }
  return undefined;
}

const MAX_VERSION_FILE_BYTES = 4 * 1_024 ** 2;

async function readSubjects(mirror: GitMirror, commit: string, { since, signal }: CommitQuestion): Promise<readonly string[] | undefined> {
  if (since === undefined) return undefined;
  const { status, stdout } = await mirror.run(
    ["log", "-z", "-n100", "--no-merges", "--encoding=UTF-8", "--format=%s", "--end-of-options", `${since}..${commit}`],
    {
      accept: [128],
      signal,
    },
  );
  const subjects = stdout.toString("utf8").split("\0").filter(Boolean).map(printable);
  return status === 0 && subjects.length > 0 ? subjects : undefined;
}

const MOST_AUTHORS = 1_000;
/** Stands for anybody, where there are more authors than are listed: nobody hides his name behind a thousand others. */
const ANYBODY = "*";

async function readAuthors(mirror: GitMirror, commit: string, { since, signal }: CommitQuestion): Promise<string[]> {
  const read = async (range: readonly string[]) =>
    mirror.run(["log", "-z", "--encoding=UTF-8", "--format=%an%x1f%ae%x1f%cn%x1f%ce", "--end-of-options", ...range], { accept: [128], signal });
  const between = since === undefined ? undefined : await read([`${since}..${commit}`]);
  // An unknown older commit, and a step back, leave the commit's own.
  const { stdout } =
    between?.status === 0 && between.stdout.length > 0
      ? between
      : await mirror.run(["log", "-z", "-n1", "--encoding=UTF-8", "--format=%an%x1f%ae%x1f%cn%x1f%ce", "--end-of-options", commit], { signal });
  const names = stdout
    .toString("utf8")
    .replaceAll("\0", "\x1f")
    .split("\x1f")
    .map((name) => printable(name.trim()).slice(0, 200))
    .filter(Boolean);
  const unique = [...new Set(names)].filter((name) => name !== ANYBODY);
  return unique.length > MOST_AUTHORS ? [...unique.slice(0, MOST_AUTHORS), ANYBODY] : unique;
}

/**
 * A file's stored bytes; undefined where the commit has no such file (or a folder, link or submodule of that name).
 *
 * @throws InstarError PACKAGE_REFUSED (larger than `maxBytes`), PLATFORM_FAILED
 */
export async function readFileOf(mirror: GitMirror, commit: string, path: string, maxBytes: number, signal?: AbortSignal): Promise<Buffer | undefined> {
  const { stdout } = await mirror.run(["ls-tree", "-z", "-l", "--full-tree", commit, "--", path], { signal });
  const found = /^100\d{3} blob ([0-9a-f]+) +(\d+)\t/.exec(stdout.toString("latin1"));
  if (found?.[1] === undefined) return undefined;
  if (Number(found[2]) > maxBytes)
    throw new InstarError("PACKAGE_REFUSED", `${JSON.stringify(path)} is larger than ${maxBytes} bytes`, { facts: { commit, path } });
  return (await mirror.run(["cat-file", "blob", found[1]], { signal, maxBytes })).stdout;
}

/** Subjects and names come from strangers and end on terminals: no control character passes. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\ufffd");
}

/** Commits may claim any time; what no calendar holds becomes 1970. */
function isoTime(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}

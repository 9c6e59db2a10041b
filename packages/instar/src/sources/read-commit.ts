import { InstarError } from "@instar/protocol";
import type { GitMirror } from "./git-mirror.ts";
import { parsePackageVersion } from "./parse-package-version.ts";
import { readFilesOf } from "./read-files-of.ts";

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

/**
 * All is asked of git at once: each start of it costs some milliseconds, and this stands between a push and its event.
 *
 * @throws InstarError NOT_FOUND (the mirror has no such commit), PLATFORM_FAILED
 */
export async function readCommit(mirror: GitMirror, commit: string, question: CommitQuestion = {}): Promise<CommitFacts> {
  const [own, version, between] = await Promise.allSettled([
    readOwn(mirror, commit, question),
    readVersion(mirror, commit, question),
    question.since === undefined ? undefined : readHistory(mirror, `${question.since}..${commit}`, undefined, question),
  ]);
  // That there is no such commit says more than what the others could not find in it.
  if (own.status === "rejected") throw own.reason;
  if (version.status === "rejected") throw version.reason;
  if (between.status === "rejected") throw between.reason;
  // An unknown older commit, and a step back, leave the commit's own.
  const [itself] = own.value;
  const since = between.value?.length ? between.value : own.value;
  const subjects = since.filter(({ parents }) => parents < 2).map(({ subject }) => subject);
  return {
    commit,
    tree: itself.tree,
    author: itself.author,
    at: isoTime(itself.seconds),
    subject: itself.subject,
    version: version.value ?? question.taggedAs ?? commit.slice(0, 7),
    changes: subjects.length > 0 ? subjects.slice(0, MOST_SUBJECTS) : [itself.subject],
    authors: namesOf(since),
  };
}

const MOST_SUBJECTS = 100;
const MOST_AUTHORS = 1_000;
/** Stands for anybody, where there are more authors than are listed: nobody hides his name behind a thousand others. */
const ANYBODY = "*";

interface CommitRow {
  readonly commit: string;
  readonly tree: string;
  readonly parents: number;
  readonly author: string;
  readonly seconds: number;
  readonly subject: string;
  /** Who wrote and who committed: names and addresses. */
  readonly names: readonly string[];
}

/** Parted by what no commit can hold: whoever writes a name decides on every other character of it. */
const FIELDS = ["%H", "%T", "%P", "%ct", "%an", "%ae", "%cn", "%ce", "%s"];

/** Newest first; undefined where git does not know one of the ends. */
async function readHistory(mirror: GitMirror, range: string, most: number | undefined, { signal }: CommitQuestion): Promise<CommitRow[] | undefined> {
  const options = ["-z", "--encoding=UTF-8", `--format=${FIELDS.join("%x00")}`, ...(most === undefined ? [] : [`-n${most}`])];
  const { status, stdout } = await mirror.run(["log", ...options, "--end-of-options", range], { accept: [128], signal });
  if (status !== 0) return undefined;
  const fields = stdout.toString("utf8").split("\0");
  return Array.from({ length: Math.floor(fields.length / FIELDS.length) }, (_, row) => {
    const [commit = "", tree = "", parents = "", seconds = "", ...words] = fields.slice(row * FIELDS.length, (row + 1) * FIELDS.length).map(printable);
    const subject = words.pop() ?? "";
    return {
      commit,
      tree,
      parents: parents.split(" ").filter(Boolean).length,
      author: `${words[0]} <${words[1]}>`,
      seconds: Number(seconds),
      subject,
      names: words.map((word) => word.trim().slice(0, 200)).filter(Boolean),
    };
  });
}

async function readOwn(mirror: GitMirror, commit: string, question: CommitQuestion): Promise<readonly [CommitRow]> {
  const [found] = (await readHistory(mirror, commit, 1, question)) ?? [];
  if (found === undefined || found.commit !== commit)
    throw new InstarError("NOT_FOUND", `the mirror has no commit ${commit.slice(0, 12)}`, { facts: { commit } });
  return [found];
}

function namesOf(rows: readonly CommitRow[]): string[] {
  const unique = [...new Set(rows.flatMap(({ names }) => names))].filter((name) => name !== ANYBODY);
  return unique.length > MOST_AUTHORS ? [...unique.slice(0, MOST_AUTHORS), ANYBODY] : unique;
}

/** What the package says of itself, in the agent's folder before the repository's root. */
async function readVersion(mirror: GitMirror, commit: string, { directory = ".", signal }: CommitQuestion): Promise<string | undefined> {
  const folders = [...new Set([directory.replace(/^\.\/|\/$/g, ""), "."])].map((folder) => (folder === "." || folder === "" ? "" : `${folder}/`));
  const paths = folders.flatMap((folder) => ["package.json", "pyproject.toml", "VERSION"].map((name) => `${folder}${name}`));
  const files = await readFilesOf(mirror, commit, [...new Set(paths)], MAX_VERSION_FILE_BYTES, signal);
  for (const folder of folders) {
    const read = (name: string) => files.get(`${folder}${name}`)?.toString("utf8");
    const version = parsePackageVersion({ packageJson: read("package.json"), pyproject: read("pyproject.toml"), versionFile: read("VERSION") });
    if (version !== undefined) return version;
  }
  return undefined;
}

const MAX_VERSION_FILE_BYTES = 4 * 1_024 ** 2;

/** Subjects and names come from strangers and end on terminals: no control character passes. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\ufffd");
}

/** Commits may claim any time; what no calendar holds becomes 1970. */
function isoTime(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}

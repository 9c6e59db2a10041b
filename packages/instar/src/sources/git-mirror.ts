import { lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, parse } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError, removeTree, syncFolder } from "../platform/durable-files.ts";
import { explainGitFailure } from "./git-failure.ts";
import { type GitProgram, type GitResult, type GitRun, type RunningGit, runGit, startGit } from "./git-program.ts";

/** A bare repository of our own, in Instar's data folder: its configuration is ours, and no command runs anywhere else. */
export interface GitMirror {
  /** Runs git in the mirror. A status that is neither 0 nor in `accept` is an error; `remote` says whom the command spoke to. */
  readonly run: (args: readonly string[], options?: MirrorRun) => Promise<GitResult>;
  readonly start: (args: readonly string[], options?: MirrorRun) => RunningGit;
  /** Makes the mirror where there is none, or where there is something that is none. */
  readonly prepare: () => Promise<void>;
  /** False where there certainly is no such ref. */
  readonly mayHave: (ref: string) => Promise<boolean>;
  /** Removes what a git that was killed leaves behind and a later one trips over. */
  readonly clear: (refs: readonly string[]) => Promise<void>;
}

export interface MirrorRun {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly stdin?: string | Uint8Array;
  /** The name of an index in the mirror's folder, for commands that make a tree. */
  readonly index?: string;
  readonly accept?: readonly number[];
  readonly remote?: string;
  readonly needsCredentials?: boolean;
}

export function openGitMirror(folder: string, program: GitProgram): GitMirror {
  const optionsOf = (options: MirrorRun): GitRun => ({
    program,
    gitDir: folder,
    cwd: parse(folder).root, // the mirror is named, never found: no repository around the caller's folder is asked
    timeoutMs: options.timeoutMs ?? 120_000,
    maxBytes: options.maxBytes ?? 256 * 1_024 ** 2,
    signal: options.signal,
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    ...(options.index === undefined ? {} : { indexFile: join(folder, options.index) }),
    ...(options.needsCredentials ? { needsCredentials: true } : {}),
  });
  let whole: string | undefined;
  return {
    prepare: async () => {
      // Asked of git once; after that only whether its parts still lie there.
      const stamp = await readStamp(folder);
      if (stamp !== undefined && stamp === whole) return;
      await prepareMirror(folder, program);
      whole = await readStamp(folder);
    },
    mayHave: async (ref) => (await Promise.all([ref, "packed-refs"].map((name) => isThere(join(folder, name))))).some(Boolean),
    clear: (refs) => clearLeftovers(folder, refs),
    start: (args, options = {}) => startGit(args, optionsOf(options)),
    run: async (args, options = {}) => {
      const result = await runGit(args, optionsOf(options));
      if (result.status === 0 || options.accept?.includes(result.status)) return result;
      const remote = options.remote === undefined ? {} : { remote: options.remote };
      throw explainGitFailure({ command: args[0] ?? "", status: result.status, stderr: result.stderr, ...remote });
    },
  };
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** Which files and folders make up the mirror; undefined where one is missing. */
async function readStamp(folder: string): Promise<string | undefined> {
  const parts = ["HEAD", "config", "objects", "refs"].map((name) =>
    lstat(join(folder, name)).then(({ ino, size }) => (name === "objects" || name === "refs" ? `${ino}` : `${ino} ${size}`)),
  );
  return Promise.all(parts).then(
    (found) => found.join(", "),
    () => undefined,
  );
}

/**
 * A mirror is made beside its place and renamed into it, so a crash leaves none or a whole one. What lies in its place and is
 * no repository is removed: everything in a mirror can be fetched again.
 */
async function prepareMirror(folder: string, program: GitProgram): Promise<void> {
  if (await isMirror(folder, program)) return;
  const making = `${folder}.new`;
  try {
    await removeTree(making);
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
    const made = await runGit(["init", "--quiet", "--bare", "--template=", "--initial-branch=instar-unborn", "--", making], {
      program,
      cwd: parse(folder).root,
      timeoutMs: 60_000,
      maxBytes: 65_536,
    });
    if (made.status !== 0) throw explainGitFailure({ command: "init", ...made });
    for (const name of ["config", "HEAD"]) await syncFile(join(making, name)); // git syncs neither at init
    await syncFolder(making);
    await removeTree(folder);
    await rename(making, folder);
    await syncFolder(dirname(folder));
  } catch (error) {
    throw explainFileError(error, `could not make the mirror ${folder}`);
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function isMirror(folder: string, program: GitProgram): Promise<boolean> {
  const found = await lstat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new InstarError("PLATFORM_FAILED", `could not look at ${folder}`, { cause: error });
  });
  if (found === undefined || !found.isDirectory()) return false;
  const asked = await runGit(["rev-parse", "--is-bare-repository"], { program, gitDir: folder, cwd: parse(folder).root, timeoutMs: 60_000, maxBytes: 65_536 });
  return asked.status === 0 && asked.stdout.toString().trim() === "true";
}

/**
 * Lock files of just these refs, the shallow file's, and half-received packs. The lease allows one daemon; a git that outlived
 * its daemon can only be writing the same value to the same pin, so taking its lock away does no harm.
 */
async function clearLeftovers(folder: string, refs: readonly string[]): Promise<void> {
  for (const name of [...refs, "shallow"]) await rm(join(folder, `${name}.lock`), { force: true });
  const packs = join(folder, "objects", "pack");
  const names = await readdir(packs).catch(() => []);
  for (const name of names) if (name.startsWith("tmp_")) await rm(join(packs, name), { force: true });
}

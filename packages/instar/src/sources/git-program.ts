import { type ChildProcess, spawn } from "node:child_process";
import { devNull, homedir } from "node:os";
import type { Readable } from "node:stream";
import { InstarError } from "@instar/protocol";
import { systemClock } from "../platform/clock.ts";
import { redactCredentials } from "./git-failure.ts";

/** Where git is found and what it may see of the person whose machine this is. */
export interface GitProgram {
  /** The PATH that git, and the ssh it may start, are found on. */
  readonly path: string;
  /** Default: the home of the user Instar runs as. */
  readonly home?: string;
  /** The socket of an SSH agent, where the remote needs one. */
  readonly sshAgent?: string;
  /** A private key for remotes by SSH, absolute; besides it none is offered. */
  readonly sshKey?: string;
  /** For remotes by HTTPS: sent to this origin and no other, and never on a command line, where others see it. */
  readonly token?: { readonly origin: string; readonly user: string; readonly read: () => string };
}

export interface GitRun {
  readonly program: GitProgram;
  readonly gitDir?: string;
  readonly cwd?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly stdin?: string | Uint8Array;
  /** More standard output than this ends git: what comes from a repository is never trusted to be small. */
  readonly maxBytes: number;
  /** True only toward a remote over the network: keeps the user's global configuration, where credential helpers are named. */
  readonly needsCredentials?: boolean;
  /** Absolute; instead of the repository's own, which a bare one has none of. */
  readonly indexFile?: string;
}

export interface GitResult {
  readonly status: number;
  readonly stdout: Buffer;
  /** Without credentials, and at most its last 8 KiB. */
  readonly stderr: string;
}

/**
 * Runs `git` to its end. A status other than 0 is a result, not an error.
 *
 * @throws InstarError PLATFORM_FAILED (no git; too much output), TIMED_OUT; the signal's reason when it aborts
 */
export async function runGit(args: readonly string[], run: GitRun): Promise<GitResult> {
  const git = startGit(args, run);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of git.stdout) {
      sizeBytes += (chunk as Buffer).length;
      if (sizeBytes > run.maxBytes) throw new InstarError("PLATFORM_FAILED", `git ${args[0] ?? ""} gave more than ${run.maxBytes} bytes`);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    git.stop();
    const ended = await git.finished.catch((reason: unknown) => reason);
    throw InstarError.is(error) || !(ended instanceof Error) ? error : ended;
  }
  return { ...(await git.finished), stdout: Buffer.concat(chunks) };
}

export interface RunningGit {
  readonly stdout: Readable;
  /** Settles when git has ended; after a timeout or an abort, everything in its process group has been ended with it. */
  readonly finished: Promise<{ status: number; stderr: string }>;
  readonly stop: () => void;
}

/** The same, for output that is read while git runs. The caller reads `stdout` to its end or calls `stop`. */
export function startGit(args: readonly string[], run: GitRun): RunningGit {
  run.signal?.throwIfAborted();
  const child = spawn("git", [...GUARDS, ...(run.gitDir === undefined ? [] : [`--git-dir=${run.gitDir}`]), ...args], {
    env: environmentOf(run),
    ...(run.cwd === undefined ? {} : { cwd: run.cwd }),
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own: git starts ssh, index-pack and remote helpers, and all of them end with it. No terminal to ask on either.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  child.stdin.on("error", () => {}); // git may end before it has read everything; its status tells
  child.stdin.end(run.stdin);
  const finished = watch(child, run);
  finished.catch(ignore); // the caller may still be reading stdout when it settles
  return { stdout: child.stdout, finished, stop: () => endGroup(child, "SIGKILL") };
}

/**
 * Said on every command line, so that nothing a repository, a template or a person's file says can make git run a program or
 * change a byte. `safe.directory`: the mirror and a source folder may belong to other users (the agent's, for one).
 */
const GUARDS: readonly string[] = [
  "core.fsmonitor=false",
  `core.hooksPath=${devNull}`,
  `core.attributesFile=${devNull}`,
  "core.symlinks=true",
  "core.autocrlf=false",
  "core.protectHFS=true",
  "core.protectNTFS=true",
  "core.fsync=all", // a pinned commit must outlive a power cut
  "core.pager=cat",
  "protocol.ext.allow=never",
  "protocol.file.allow=always",
  "submodule.recurse=false",
  "fetch.recurseSubmodules=false",
  "fetch.unpackLimit=1", // one pack to sync instead of a hundred loose objects
  "fetch.writeCommitGraph=false",
  "gc.auto=0",
  "maintenance.auto=false", // nothing stays behind in the background
  "http.lowSpeedLimit=1000",
  "http.lowSpeedTime=60",
  "safe.directory=*",
].flatMap((setting) => ["-c", setting]);

function environmentOf(run: GitRun): Record<string, string> {
  return {
    PATH: run.program.path,
    HOME: run.program.home ?? homedir(),
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_LITERAL_PATHSPECS: "1",
    // A source that is itself a partial clone would otherwise fetch from where *its* configuration says, by any program.
    GIT_NO_LAZY_FETCH: "1",
    GIT_ALLOW_PROTOCOL: "file:git:http:https:ssh",
    ...(run.needsCredentials ? {} : { GIT_CONFIG_GLOBAL: devNull }),
    ...(run.indexFile === undefined ? {} : { GIT_INDEX_FILE: run.indexFile }),
    ...(run.program.sshAgent === undefined ? {} : { SSH_AUTH_SOCK: run.program.sshAgent }),
    ...(run.needsCredentials ? credentialsOf(run.program) : {}),
  };
}

function credentialsOf({ sshKey, token }: GitProgram): Record<string, string> {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  return {
    // Nobody is there to answer a question.
    GIT_SSH_COMMAND: sshKey === undefined ? "ssh -o BatchMode=yes" : `ssh -o BatchMode=yes -o IdentitiesOnly=yes -i ${quoted(sshKey)}`,
    ...(token === undefined
      ? {}
      : {
          GIT_CONFIG_COUNT: "2",
          GIT_CONFIG_KEY_0: `http.${token.origin}/.extraHeader`,
          GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`${token.user}:${token.read()}`).toString("base64")}`,
          // git gives such a line also to where it is sent on to.
          GIT_CONFIG_KEY_1: "http.followRedirects",
          GIT_CONFIG_VALUE_1: "false",
        }),
  };
}

function watch(child: ChildProcess, run: GitRun): Promise<{ status: number; stderr: string }> {
  const settled = new AbortController();
  let ending: { error: unknown } | undefined;
  return new Promise<{ status: number; stderr: string }>((resolve, reject) => {
    let stderr = "";
    const end = (error: unknown) => {
      ending ??= { error };
      endGroup(child, "SIGTERM"); // git removes its lock files when asked
      systemClock.sleep(GRACE_MS, settled.signal).then(() => endGroup(child, "SIGKILL"), ignore);
    };
    const abort = () => end(run.signal?.reason);
    run.signal?.addEventListener("abort", abort, { once: true, signal: settled.signal });
    systemClock.sleep(run.timeoutMs, settled.signal).then(() => end(timedOut(run.timeoutMs)), ignore);
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr = `${stderr}${chunk.toString("utf8")}`.slice(-8_192);
    });
    child.on("error", (cause) => reject(cannotStart(cause)));
    // A helper that left the group may hold the pipes open: after an ending by us the exit is enough.
    child.on("exit", () => ending !== undefined && reject(ending.error));
    child.on("close", (status, signal) => {
      if (ending !== undefined) reject(ending.error);
      else resolve({ status: status ?? 128, stderr: redactCredentials(signal === null ? stderr : `${stderr}git was ended by ${signal}`) });
    });
  }).finally(() => {
    settled.abort();
    if (ending !== undefined) endGroup(child, "SIGKILL");
    child.stdout?.destroy();
  });
}

/** Between asking git to end and ending it: enough to unlink a lock file. */
const GRACE_MS = 2_000;
const ignore = () => {};

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

function timedOut(timeoutMs: number): InstarError {
  return new InstarError("TIMED_OUT", `git took longer than ${timeoutMs} ms and was ended`, { facts: { timeoutMs }, transient: true });
}

function cannotStart(cause: Error): InstarError {
  const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
  return new InstarError("PLATFORM_FAILED", missing ? "there is no git program on the PATH" : "git could not be started", {
    cause,
    ...(missing ? { advice: "Install git, or name the folder it lies in on Instar's PATH." } : {}),
  });
}

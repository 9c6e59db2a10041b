import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import type { Clock } from "./clock.ts";
import { endProcessTree, type ProcessMarker, readProcessTree } from "./end-process-tree.ts";
import type { JobContainment } from "./job-containment.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { readProcessIdentity } from "./process-identity.ts";
import { type ProcessRow, readProcessTable } from "./process-table.ts";

/** What became of a contained program's first process. 128 and a signal's number is how a shell reports a signal. */
export type ProgramEnd =
  | { readonly kind: "ended"; readonly shellStatus: number }
  | { readonly kind: "lost"; readonly wasStarted: boolean; readonly because: string };

export interface ContainedProgram {
  /** Resolves when the program has ended, or its container was killed from outside. Its tree may still be running. */
  readonly end: Promise<ProgramEnd>;
  /** Of the process above all others of the tree. */
  readonly pid: number;
  /** Living processes of the tree beside the container's own. */
  countLeftBehind(): Promise<number>;
  /** Ends all of it. Resolves when nothing of the tree is left. */
  endTree(): Promise<void>;
}

export interface ContainedStart {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly marker: ProcessMarker;
  readonly containment: JobContainment;
  /** A descriptor for stdout and stderr. */
  readonly output: number;
  readonly clock: Clock;
}

/**
 * The launcher says "ready", waits for "go" and says "ended" with a status, all on descriptor 3, which the program does not get. The daemon
 * says "go" only after "ready": by then the kernel has been told to kill the namespace with the daemon, so a daemon killed
 * earlier starts nothing and one killed later leaves nothing. First in line when memory runs out (oom_score_adj 1000) and last in line for
 * the processor, since the agent and its front work beside it: by its own nice value, and by that of its session, which is
 * what counts on Linux where sessions are scheduled as groups (sched(7), autogroup).
 */
const PRELUDE =
  'exec >&4 2>&4 4>&-; { echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null; { echo 10 >/proc/self/autogroup; } 2>/dev/null; command -v nice >/dev/null && set -- nice -n 10 "$@"; echo ready >&3; IFS= read -r go <&3 && [ "$go" = go ] || exit 1;';
/** Stays as the namespace's first process, so that programs are not pid 1, whose signals work differently. */
const IN_NAMESPACE = `${PRELUDE} "$@" 3<&-; echo "ended $?" >&3; read -r never <&3`;
/** Without a namespace a watchdog in the group kills the group when the daemon's end of descriptor 3 closes. */
const IN_GROUP = `${PRELUDE} ( read -r never <&3; kill -KILL 0 ) >/dev/null 2>&1 & "$@" 3<&-; echo "ended $?" >&3; wait`;

/** Starts a program so that its whole tree can be ended, and ends with this process. Throws what spawn throws. */
export async function startContained(start: ContainedStart): Promise<ContainedProgram> {
  const isNamespace = start.containment.treeEnds === "namespace";
  const script = isNamespace ? IN_NAMESPACE : IN_GROUP;
  const [file = "", ...rest] = [...start.containment.prefix, "/bin/sh", "-c", script, "sh", ...start.argv];
  const child = spawn(file, rest, {
    cwd: start.cwd,
    env: { ...start.environment, [start.marker.name]: start.marker.value },
    detached: true,
    // Descriptor 4, so that what unshare itself has to say does not end up in the job's output.
    stdio: ["ignore", "ignore", "ignore", "pipe", start.output],
  });
  if (child.pid === undefined) throw (await once(child, "error"))[0];
  child.on("error", () => {});
  // Not reaped before its exit is reported, so the pid is its own until then.
  const identity = await readProcessIdentity(child.pid);
  const exited = exitOf(child);
  const tree = isNamespace ? namespaceTree(child, exited, start.clock) : groupTree(identity, start);
  const launcher = followLauncher(child.stdio[3] as Duplex);
  return {
    pid: child.pid,
    end: Promise.race([launcher.ended, exited.then((exit) => lostTo(exit, launcher.isReady()))]),
    countLeftBehind: tree.count,
    endTree: async () => {
      await tree.end();
      (child.stdio[3] as Duplex).destroy();
      await exited;
    },
  };
}

function exitOf(child: ChildProcess): Promise<NodeJS.Signals | number> {
  return new Promise((resolve) => child.once("exit", (status, signal) => resolve(signal ?? status ?? 0)));
}

function lostTo(exit: NodeJS.Signals | number, wasStarted: boolean): ProgramEnd {
  return { kind: "lost", wasStarted, because: typeof exit === "number" ? `its container ended with status ${exit}` : `its container was ended by ${exit}` };
}

/** `ended` never resolves when the launcher dies: its exit says so. */
function followLauncher(channel: Duplex): { ended: Promise<ProgramEnd>; isReady: () => boolean } {
  let text = "";
  let isReady = false;
  channel.on("error", () => {});
  const ended = new Promise<ProgramEnd>((resolve) => {
    channel.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (!isReady && text.startsWith("ready\n")) {
        isReady = true;
        channel.write("go\n");
      }
      const status = /^ended (\d+)\n/m.exec(text)?.[1];
      if (status !== undefined) resolve({ kind: "ended", shellStatus: Number(status) });
    });
  });
  return { ended, isReady: () => isReady };
}

interface Tree {
  count(): Promise<number>;
  end(): Promise<void>;
}

/** Thousands of processes of a fork bomb take seconds to die on a busy machine. */
const NAMESPACE_ENDS_MS = 30_000;

/**
 * Killing the namespace's first process lets nothing in it fork any more, and unshare ends once everything in it is gone. Which that is, the
 * kernel says in one small file: reading the whole table beside a fork bomb would give it time.
 */
function namespaceTree(child: ChildProcess, exited: Promise<unknown>, clock: Clock): Tree {
  const readFirst = (table: readonly ProcessRow[]) => table.find((row) => row.parent === child.pid)?.pid;
  return {
    count: async () => {
      const table = await readProcessTable();
      const first = readFirst(table);
      return first === undefined ? 0 : findBelow(table, first).filter((pid) => !isFirstOfNamespace(pid)).length;
    },
    end: async () => {
      const first = readOnlyChild(child.pid) ?? readFirst(await readProcessTable());
      if (first !== undefined && child.exitCode === null && child.signalCode === null) killQuietly(first);
      else child.kill("SIGKILL");
      const within = new AbortController();
      await Promise.race([exited, clock.sleep(NAMESPACE_ENDS_MS, within.signal).catch(() => {})]);
      within.abort();
      child.kill("SIGKILL");
    },
  };
}

/** Undefined where there is none, or where the kernel was built without the file (CONFIG_PROC_CHILDREN). */
function readOnlyChild(pid: number | undefined): number | undefined {
  try {
    return Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1"), 10) || undefined;
  } catch {
    return undefined;
  }
}

/** An orphan of a namespace is adopted by its first process, so nothing gets out from below it. */
function findBelow(table: readonly ProcessRow[], pid: number): number[] {
  const children = Map.groupBy(table, (row) => row.parent);
  const found = new Set((children.get(pid) ?? []).map((child) => child.pid));
  for (const member of found) for (const child of children.get(member) ?? []) found.add(child.pid); // A Set grows while it is walked.
  return [...found];
}

/** What a sandbox puts before a program, and no process of the program's: the first in a namespace of its own. */
function isFirstOfNamespace(pid: number): boolean {
  try {
    return /^NSpid:.*\s1$/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return true; // Ended in between.
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Ended by itself.
  }
}

function groupTree(identity: ProcessIdentity | undefined, start: ContainedStart): Tree {
  const tree = {
    ...(identity === undefined ? {} : { identity }),
    ...(start.containment.treeEnds === "marker" ? { marker: start.marker } : {}),
  };
  return {
    // The launcher and its one child, the watchdog, are ours: what the program left has another parent by now.
    count: async () => (await readProcessTree(tree)).filter((row) => row.pid !== identity?.pid && row.parent !== identity?.pid).length,
    end: async () => {
      await endProcessTree({ ...tree, graceMs: 0, signal: "SIGKILL", clock: start.clock });
    },
  };
}

import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * How surely a job's whole tree ends. namespace: the kernel ends everything in the job's PID namespace. marker: what left
 * the job's group is found by a variable in its environment, after the fact. group: what left the group is lost sight of.
 */
export type TreeEnds = "namespace" | "marker" | "group";

export interface JobContainment {
  readonly treeEnds: TreeEnds;
  readonly because: string;
  /** Put before the program's launcher; empty outside a namespace. */
  readonly prefix: readonly string[];
}

let probed: Promise<JobContainment> | undefined;

/** What this machine can do, found out by doing it once and remembered while this process lives. */
export function describeJobContainment(): Promise<JobContainment> {
  probed ??= probeContainment();
  return probed;
}

async function probeContainment(): Promise<JobContainment> {
  if (process.platform !== "linux") return { treeEnds: "group", because: "this platform has neither PID namespaces nor readable environments", prefix: [] };
  const setpriv = findTool("setpriv");
  const unshare = findTool("unshare");
  if (setpriv === undefined || unshare === undefined)
    return { treeEnds: "marker", because: `${setpriv === undefined ? "setpriv" : "unshare"} (util-linux) is not installed`, prefix: [] };
  for (const prefix of planPrefixes(setpriv, unshare)) {
    const works = await run(prefix[0] ?? "", [...prefix.slice(1), "/bin/sh", "-c", "exit 0"], { timeout: 10_000, env: {} }).then(
      () => true,
      () => false,
    );
    if (works) return { treeEnds: "namespace", because: "the kernel ends each job's PID namespace as a whole", prefix };
  }
  return { treeEnds: "marker", because: "the kernel refuses PID namespaces to this user", prefix: [] };
}

/**
 * setpriv has the kernel kill unshare when the daemon dies, and unshare has it kill the namespace's first process when unshare
 * dies; with that one goes everything in it. A /proc of its own is asked for first: without it a program that looks
 * itself up by its pid finds a stranger. A user other than root needs a user namespace around it, as itself.
 */
function planPrefixes(setpriv: string, unshare: string): string[][] {
  const asUser = process.getuid?.() === 0 ? [] : ["--user", "--map-current-user"];
  const common = [setpriv, "--pdeathsig", "KILL", unshare, ...asUser, "--fork", "--pid", "--kill-child=KILL"];
  return [
    [...common, "--mount-proc", "--"],
    [...common, "--"],
  ];
}

/** Looked for where the system keeps its own, never on a PATH that a job or an agent may have shaped. */
function findTool(name: string): string | undefined {
  return ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].map((folder) => `${folder}/${name}`).find(canExecute);
}

function canExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

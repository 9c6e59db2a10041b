import { readFileSync } from "node:fs";
import { InstarError } from "@instar/protocol";
import type { Clock } from "./clock.ts";
import { type ProcessIdentity, readProcessIdentity } from "./process-identity.ts";
import { type ProcessRow, readLinuxRow, readProcessTable } from "./process-table.ts";

/** A variable in a process's first environment. Linux only; elsewhere no process carries one. */
export interface ProcessMarker {
  readonly name: string;
  readonly value: string;
  /** True: every value that begins with `value`. */
  readonly isPrefix?: boolean;
}

export interface ProcessTree {
  /** Its root, as recorded when it began. Preferred to `pid`, which means whoever has that number now. */
  readonly identity?: ProcessIdentity;
  readonly pid?: number;
  /** Finds what left the tree by setsid and a double fork. */
  readonly marker?: ProcessMarker;
}

export interface TreeToEnd extends ProcessTree {
  /** How long `signal` may take to work before SIGKILL; 0 kills at once. */
  readonly graceMs: number;
  readonly signal: NodeJS.Signals;
  readonly clock: Clock;
}

/** Uninterruptible sleep on a dead disk is the only way to outlive SIGKILL for this long. */
const KILL_WITHIN_MS = 5_000;
const POLL_MS = 20;

/**
 * Ends a process and all that it started: its process group, its descendants, and whoever carries the marker. Looks
 * again until none is left, because a tree forks while it is being ended. Never signals this process, its ancestors,
 * pid 1 or a pid that has passed to another process. A tree that is gone already is a success.
 *
 * @returns how many living processes were found and ended
 * @throws InstarError TIMED_OUT when some outlive SIGKILL; facts.pids names them
 */
export async function endProcessTree(tree: TreeToEnd): Promise<number> {
  const { clock, graceMs } = tree;
  const root = await readRoot(tree);
  const known = new Map<string, ProcessRow>();
  const asked = new Set<string>();
  const beganMs = clock.monotonicMs();
  for (;;) {
    const members = await findMembers(root, tree.marker, known);
    if (members.length === 0) return known.size;
    const elapsedMs = clock.monotonicMs() - beganMs;
    if (elapsedMs > graceMs + KILL_WITHIN_MS) throw outlived(members);
    if (elapsedMs < graceMs) askToEnd(members, tree.signal, asked);
    else killAll(members, root);
    await clock.sleep(POLL_MS);
  }
}

/** The living members of a tree, its root included. */
export async function readProcessTree(tree: ProcessTree): Promise<ProcessRow[]> {
  return findMembers(await readRoot(tree), tree.marker, new Map());
}

async function readRoot(tree: ProcessTree): Promise<ProcessIdentity | undefined> {
  return tree.identity ?? (tree.pid === undefined ? undefined : await readProcessIdentity(tree.pid));
}

/** `known` gains every member: a child whose parent ended in between is adopted by init and found only by memory. */
async function findMembers(root: ProcessIdentity | undefined, marker: ProcessMarker | undefined, known: Map<string, ProcessRow>): Promise<ProcessRow[]> {
  const table = await readProcessTable();
  const untouchable = ancestorsAndSelf(table);
  const inTree = new Set<number>();
  for (const row of table) if (known.has(keyOf(row))) inTree.add(row.pid);
  if (root !== undefined && root.pid > 1 && !untouchable.has(root.pid)) {
    const holder = table.find((row) => row.pid === root.pid);
    if (holder?.startedAt === root.startedAt) inTree.add(root.pid);
    // A group keeps its number from being given again while anyone is in it. So with the leader gone and its number free,
    // the group is the one it led; with the number in other hands, or after a reboot, it is a stranger's.
    if (holder === undefined ? isOfThisBoot(root, table) : holder.startedAt === root.startedAt)
      for (const row of table) if (row.group === root.pid) inTree.add(row.pid);
  }
  if (marker !== undefined) for (const row of table) if (carries(row.pid, marker)) inTree.add(row.pid);
  addDescendants(table, inTree);
  const members = table.filter((row) => inTree.has(row.pid) && row.pid > 1 && !untouchable.has(row.pid));
  for (const row of members) known.set(keyOf(row), row);
  return members;
}

function ancestorsAndSelf(table: readonly ProcessRow[]): Set<number> {
  const parents = new Map(table.map((row) => [row.pid, row.parent]));
  const found = new Set<number>([0, 1]);
  for (let pid: number | undefined = process.pid; pid !== undefined && !found.has(pid); pid = parents.get(pid)) found.add(pid);
  return found;
}

function isOfThisBoot(identity: ProcessIdentity, table: readonly ProcessRow[]): boolean {
  if (process.platform !== "linux") return true;
  return table[0]?.startedAt.split("/")[0] === identity.startedAt.split("/")[0];
}

function carries(pid: number, marker: ProcessMarker): boolean {
  if (process.platform !== "linux") return false;
  const wanted = `${marker.name}=${marker.value}`;
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    return environment.some((pair) => (marker.isPrefix ? pair.startsWith(wanted) : pair === wanted));
  } catch {
    return false; // Another user's, or ended.
  }
}

function addDescendants(table: readonly ProcessRow[], inTree: Set<number>): void {
  const children = Map.groupBy(table, (row) => row.parent);
  for (const pid of inTree) for (const child of children.get(pid) ?? []) inTree.add(child.pid); // A Set grows while it is walked.
}

/** Each is asked once: to many programs a second SIGTERM means "at once". */
function askToEnd(members: readonly ProcessRow[], signal: NodeJS.Signals, asked: Set<string>): void {
  for (const row of members) {
    if (asked.has(keyOf(row))) continue;
    asked.add(keyOf(row));
    signalIfSame(row, signal);
  }
}

/** The group in one call first: its members cannot fork between being found and being killed. */
function killAll(members: readonly ProcessRow[], root: ProcessIdentity | undefined): void {
  if (process.platform !== "win32" && root !== undefined && members.some((row) => row.group === root.pid)) signalQuietly(-root.pid, "SIGKILL");
  for (const row of members) signalIfSame(row, "SIGKILL");
}

function signalIfSame(row: ProcessRow, signal: NodeJS.Signals): void {
  if (process.platform === "linux" && readLinuxRow(row.pid)?.startedAt !== row.startedAt) return;
  signalQuietly(row.pid, signal);
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Ended by itself, or not ours to signal: the next look tells which, and what stays is reported by outlived().
  }
}

function outlived(members: readonly ProcessRow[]): InstarError {
  const pids = members.map((row) => String(row.pid));
  return new InstarError("TIMED_OUT", `${members.length} processes could not be ended`, {
    facts: { pids },
    advice: "They wait for the operating system, or belong to another user. End them by hand; Instar then goes on.",
    transient: true,
  });
}

function keyOf(identity: ProcessIdentity): string {
  return `${identity.pid} ${identity.startedAt}`;
}

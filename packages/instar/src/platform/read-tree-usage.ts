import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a process and everything below it use at this moment. */
export interface TreeUsage {
  readonly pids: readonly number[];
  /** What each holds in memory, added up: pages that several share count several times. */
  readonly residentBytes: number;
}

interface UsageRow {
  readonly pid: number;
  readonly parent: number;
  readonly residentBytes: number;
}

/** The tree under `pid`, itself included; nothing where it has ended. One look at the process table, some milliseconds. */
export async function readTreeUsage(pid: number, more: readonly number[] = []): Promise<TreeUsage> {
  const rows =
    process.platform === "linux" ? readLinuxRows() : parsePsRows((await run("ps", ["-axo", "pid=,ppid=,rss="], { env: { PATH: "/bin:/usr/bin" } })).stdout);
  const children = Map.groupBy(rows, (row) => row.parent);
  const inTree = new Set([pid, ...more]);
  for (const member of inTree) for (const child of children.get(member) ?? []) inTree.add(child.pid); // A Set grows while it is walked.
  const members = rows.filter((row) => inTree.has(row.pid));
  return { pids: members.map((row) => row.pid), residentBytes: members.reduce((sum, row) => sum + row.residentBytes, 0) };
}

/** The same memory with shared pages divided among those who share them. Slower than `readTreeUsage`; 0 for a process that may not be looked at or has ended. Linux only. */
export function readProportionalBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + Number(/^Pss:\s+(\d+) kB/m.exec(readQuietly(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1_024, 0);
}

function readLinuxRows(): UsageRow[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => parseUsage(Number(name), readQuietly(`/proc/${name}/stat`), pageBytes()) ?? []);
}

/** proc(5): after the name in parentheses come state (3), parent (4) and, at 24, the resident pages. */
export function parseUsage(pid: number, stat: string, page: number): UsageRow | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent, pages] = [fields[0], fields[1], fields[21]];
  if (pages === undefined || state === "Z" || state === "X") return undefined;
  return { pid, parent: Number(parent), residentBytes: Number(pages) * page };
}

function parsePsRows(text: string): UsageRow[] {
  return text.split("\n").flatMap((line) => {
    const [pid, parent, kibibytes] = line.trim().split(/\s+/).map(Number);
    return pid === undefined || parent === undefined || kibibytes === undefined ? [] : [{ pid, parent, residentBytes: kibibytes * 1_024 }];
  });
}

let knownPageBytes: number | undefined;
/** From the auxiliary vector (getauxval(3)): pairs of machine words, of which AT_PAGESZ is 6. 64 KiB on some arm64 machines. */
function pageBytes(): number {
  if (knownPageBytes === undefined) {
    const vector = readFileSync("/proc/self/auxv");
    knownPageBytes = 4_096;
    for (let at = 0; at + 16 <= vector.length; at += 16) if (vector.readBigUInt64LE(at) === 6n) knownPageBytes = Number(vector.readBigUInt64LE(at + 8));
  }
  return knownPageBytes;
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // Ended in between, or another user's.
  }
}

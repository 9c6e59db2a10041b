import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A living process. `startedAt` is opaque: equal for two readings exactly when both saw the same process. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly startedAt: string;
}

/** Every living process that this user can see; zombies are gone already and are left out. */
export async function readProcessTable(): Promise<ProcessRow[]> {
  if (process.platform === "linux") return readLinuxTable();
  if (process.platform === "win32") return parseWindowsTable((await run("powershell", ["-NoProfile", "-Command", WINDOWS_QUERY])).stdout);
  return parsePsTable((await run("ps", ["-axo", "pid=,ppid=,pgid=,stat=,lstart="], { env: { PATH: "/bin:/usr/bin", LC_ALL: "C" } })).stdout);
}

/** One process, without asking for the others where the platform allows; undefined when there is none. */
export async function readProcessRow(pid: number): Promise<ProcessRow | undefined> {
  if (process.platform === "linux") return readLinuxRow(pid);
  return (await readProcessTable()).find((row) => row.pid === pid);
}

/** Linux only, and synchronous, so that nothing comes between looking at a process and signalling it. */
export function readLinuxRow(pid: number): ProcessRow | undefined {
  try {
    return parseLinuxStat(pid, readFileSync(`/proc/${pid}/stat`, "latin1"), bootId());
  } catch {
    return undefined; // Ended between the listing and the reading: ENOENT, or ESRCH in the middle of the read.
  }
}

function readLinuxTable(): ProcessRow[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readLinuxRow(Number(name)) ?? []);
}

/**
 * proc(5): the name in parentheses may itself hold spaces and parentheses, so fields count from the last one. State is
 * field 3, parent 4, group 5, threads 20, start 22. A main thread that ended while others run shows Z with several threads.
 */
export function parseLinuxStat(pid: number, stat: string, boot: string): ProcessRow | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent, group, threads, start] = [fields[0], fields[1], fields[2], fields[17], fields[19]];
  if (state === undefined || start === undefined || state === "X" || (state === "Z" && Number(threads) <= 1)) return undefined;
  return { pid, parent: Number(parent), group: Number(group), startedAt: `${boot}/${start}` };
}

let knownBootId: string | undefined;
/** Start times count from the boot: without its id, a process of before a reboot could pass for one of after it. */
function bootId(): string {
  knownBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  return knownBootId;
}

export function parsePsTable(text: string): ProcessRow[] {
  return text.split("\n").flatMap((line) => {
    const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (found === null || found[4]?.startsWith("Z")) return [];
    return { pid: Number(found[1]), parent: Number(found[2]), group: Number(found[3]), startedAt: found[5] ?? "" };
  });
}

const WINDOWS_QUERY =
  "Get-CimInstance Win32_Process | ForEach-Object { '{0} {1} {2}' -f $_.ProcessId, $_.ParentProcessId, $(if ($_.CreationDate) { $_.CreationDate.Ticks } else { 0 }) }";

/** Windows has no process groups: each process is its own. */
export function parseWindowsTable(text: string): ProcessRow[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const found = /^(\d+) (\d+) (\d+)$/.exec(line.trim());
    return found === null ? [] : { pid: Number(found[1]), parent: Number(found[2]), group: Number(found[1]), startedAt: found[3] ?? "" };
  });
}

import { readFile } from "node:fs/promises";
import { freemem } from "node:os";
import { dirname, join } from "node:path";

/**
 * Bytes that programs can still take before something is killed: Linux's MemAvailable, or less where a control group
 * (v1 or v2, any of its ancestors) caps this process; the platform's free memory elsewhere.
 *
 * @param root where /proc and /sys are found
 */
export async function readAvailableBytes(root = "/"): Promise<number> {
  const meminfo = await readText(join(root, "proc/meminfo"));
  const available = meminfo === undefined ? undefined : /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  if (available === undefined) return freemem();
  const groups = (await readText(join(root, "proc/self/cgroup"))) ?? "";
  const rooms = await Promise.all(planGroups(groups).map((group) => readRoom(root, group)));
  return Math.min(Number(available) * 1_024, ...rooms.filter((room) => room !== undefined));
}

interface GroupFiles {
  readonly folder: string;
  readonly limit: string;
  readonly usage: string;
  readonly reclaimable: RegExp;
}

const V2 = { limit: "memory.max", usage: "memory.current", reclaimable: /^inactive_file (\d+)$/m };
const V1 = { limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes", reclaimable: /^total_inactive_file (\d+)$/m };

/** Every group of which this process is a member, up to the root: any of them may be the one that caps. */
function planGroups(text: string): GroupFiles[] {
  return text.split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    if (controllers === "") return ancestorsOf(path).map((folder) => ({ folder: join("sys/fs/cgroup", folder), ...V2 }));
    if (controllers.split(",").includes("memory")) return ancestorsOf(path).map((folder) => ({ folder: join("sys/fs/cgroup/memory", folder), ...V1 }));
    return [];
  });
}

function ancestorsOf(path: string): string[] {
  return path === "/" || path === "." ? ["/"] : [path, ...ancestorsOf(dirname(path))];
}

/** Page cache that nobody uses is counted as used by the kernel and can be had back. */
async function readRoom(root: string, group: GroupFiles): Promise<number | undefined> {
  const at = (name: string) => readText(join(root, group.folder, name));
  const [limit, usage, stat] = await Promise.all([at(group.limit), at(group.usage), at("memory.stat")]);
  if (limit === undefined || usage === undefined || limit.trim() === "max") return undefined;
  const reclaimable = Number(group.reclaimable.exec(stat ?? "")?.[1] ?? 0);
  return Math.max(0, Number(limit) - Number(usage) + reclaimable);
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

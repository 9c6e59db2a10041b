import { mkdir, open, readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../platform/clock.ts";
import { type CgroupPlace, planCgroupPlaces } from "./plan-cgroup-places.ts";
import type { JobLimits } from "./sandbox.ts";

/** pids.max counts threads too, and a Node process has a dozen: what is refused by the kernel is a multiple, what is counted is exact. */
const THREADS_PER_PROCESS = 8;
const PERIOD_US = 100_000;
/** A share as nice 10 would have: inside a cgroup of its own a process's nice value counts only among the job's own. */
const LOW_SHARES = 102;
const LOW_WEIGHT = 10;

/** A job's own cgroup, one for each controller with version 1. */
export interface Cgroup {
  /** What a process writes "0" to, to enter. */
  readonly enters: readonly string[];
  look(): Promise<{ readonly processes: number; readonly memoryKills: number; readonly refusedForks: number }>;
  /** Ends what is still in it. Called twice, the second time does nothing. */
  remove(): Promise<void>;
}

export type FoundCgroups = { readonly kind: "found"; readonly place: CgroupPlace } | { readonly kind: "none"; readonly because: string };

/** Where this process may make cgroups that hold memory and processes: found out by making one. */
export async function findCgroups(name: string, clock: Clock): Promise<FoundCgroups> {
  const [own, mounts] = await Promise.all(["/proc/self/cgroup", "/proc/self/mountinfo"].map((path) => readFile(path, "utf8").catch(() => "")));
  const places = planCgroupPlaces(own ?? "", mounts ?? "");
  let because = "no cgroup of this process holds memory and processes";
  // Without a controller for the processor, memory and processes can be held all the same.
  for (const place of places.flatMap((whole) => [whole, withoutCpu(whole)])) {
    try {
      // One at a time: a controller that is not there would refuse the others with it.
      if (place.isOurs)
        for (const controller of ["memory", "pids", "cpu"]) await writeIfThere(join(place.folders.memory, "cgroup.subtree_control"), `+${controller}`);
      const tried = await makeCgroup(place, name, { memoryBytes: 1_073_741_824, processes: 64, cpus: 1 }, clock);
      await tried.remove();
      return { kind: "found", place };
    } catch (error) {
      because = `${place.folders.memory}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
    }
  }
  return { kind: "none", because };
}

function withoutCpu({ version, isOurs, folders: { memory, pids } }: CgroupPlace): CgroupPlace {
  return { version, isOurs, folders: { memory, pids } };
}

/** @throws what the file system says; nothing is left then */
export async function makeCgroup(
  place: CgroupPlace,
  name: string,
  limits: Pick<JobLimits, "memoryBytes" | "processes" | "cpus">,
  clock: Clock,
): Promise<Cgroup> {
  const wantsCpu = place.version === 2 || limits.cpus !== undefined;
  const parents = [...new Set([place.folders.memory, place.folders.pids, ...(wantsCpu && place.folders.cpu !== undefined ? [place.folders.cpu] : [])])];
  const folders = parents.map((parent) => join(parent, name));
  const at = (parent: string | undefined, file: string) => join(parent ?? "", name, file);
  try {
    for (const folder of folders) await mkdir(folder);
    await (place.version === 1 ? limitFirst(place, limits, at) : limitSecond(place, limits, at));
  } catch (error) {
    await removeFolders(folders, clock);
    throw error;
  }
  const events = place.version === 1 ? "memory.oom_control" : "memory.events";
  return {
    enters: folders.map((folder) => join(folder, "cgroup.procs")),
    look: async () => ({
      processes: (await readText(at(place.folders.pids, "cgroup.procs"))).split("\n").length - 1,
      memoryKills: numberIn(await readText(at(place.folders.memory, events)), "oom_kill"),
      refusedForks: numberIn(await readText(at(place.folders.pids, "pids.events")), "max"),
    }),
    remove: () => removeFolders(folders, clock),
  };
}

type At = (parent: string | undefined, file: string) => string;
type Limits = Pick<JobLimits, "memoryBytes" | "processes" | "cpus">;

async function limitFirst({ folders }: CgroupPlace, limits: Limits, at: At): Promise<void> {
  await write(at(folders.memory, "memory.limit_in_bytes"), limits.memoryBytes);
  await writeIfThere(at(folders.memory, "memory.memsw.limit_in_bytes"), limits.memoryBytes);
  await write(at(folders.pids, "pids.max"), limits.processes * THREADS_PER_PROCESS);
  if (limits.cpus === undefined || folders.cpu === undefined) return;
  await write(at(folders.cpu, "cpu.cfs_period_us"), PERIOD_US);
  await write(at(folders.cpu, "cpu.cfs_quota_us"), quotaOf(limits.cpus));
  await writeIfThere(at(folders.cpu, "cpu.shares"), LOW_SHARES);
}

async function limitSecond({ folders }: CgroupPlace, limits: Limits, at: At): Promise<void> {
  await write(at(folders.memory, "memory.max"), limits.memoryBytes);
  await writeIfThere(at(folders.memory, "memory.swap.max"), 0);
  await writeIfThere(at(folders.memory, "memory.oom.group"), 1);
  await write(at(folders.pids, "pids.max"), limits.processes * THREADS_PER_PROCESS);
  if (folders.cpu === undefined) return;
  await writeIfThere(at(folders.cpu, "cpu.weight"), LOW_WEIGHT);
  if (limits.cpus !== undefined) await write(at(folders.cpu, "cpu.max"), `${quotaOf(limits.cpus)} ${PERIOD_US}`);
}

/** The kernel refuses less than a millisecond. */
const quotaOf = (cpus: number) => Math.max(1_000, Math.round(cpus * PERIOD_US));

/**
 * Removes the cgroups whose names begin so: those of a daemon that was killed while its jobs ran. The jobs themselves have ended with it.
 */
export async function sweepCgroups(place: CgroupPlace, prefix: string, clock: Clock): Promise<void> {
  for (const parent of new Set([place.folders.memory, place.folders.pids, place.folders.cpu ?? place.folders.pids])) {
    const names = (await readdir(parent).catch(() => [])).filter((name) => name.startsWith(prefix));
    await removeFolders(
      names.map((name) => join(parent, name)),
      clock,
    );
  }
}

/** A cgroup can go only when nobody is in it, and a killed process takes a moment to leave. */
async function removeFolders(folders: readonly string[], clock: Clock): Promise<void> {
  for (const folder of folders)
    for (let tries = 0; tries < 100; tries += 1) {
      const code = await rmdir(folder).then(
        () => undefined,
        (error: NodeJS.ErrnoException) => error.code,
      );
      if (code !== "EBUSY") break;
      await killIn(folder);
      await clock.sleep(10);
    }
}

async function killIn(folder: string): Promise<void> {
  await writeIfThere(join(folder, "cgroup.kill"), 1);
  for (const pid of (await readText(join(folder, "cgroup.procs")))
    .split("\n")
    .map(Number)
    .filter((number) => number > 1 && number !== process.pid)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Ended by itself.
    }
  }
}

async function write(path: string, value: number | string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.write(String(value));
  } finally {
    await file.close();
  }
}

async function writeIfThere(path: string, value: number | string): Promise<void> {
  await write(path, value).catch(() => {});
}

async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

function numberIn(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}

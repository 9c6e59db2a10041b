import { readdirSync, readFileSync } from "node:fs";

export interface Living {
  readonly pid: number;
  readonly part: "keeper" | "daemon" | "agent" | "job" | "other";
  /** Of an agent: the release that it was started for. */
  readonly release: string | null;
}

export interface Census {
  now(): readonly Living[];
  /** Moments at which more agents lived at once than may: of two releases, or, side by side, more than one of each of two. */
  readonly offences: readonly string[];
  stop(): void;
}

const EVERY_MS = 40;
/** A process is looked at again this often: between fork and exec it still has its parent's environment. */
const SIGHTINGS = 6;

/** Looks through /proc again and again for every process that carries `place` in its environment. */
export function takeCensus(place: string, { mayBeTwo }: { readonly mayBeTwo: boolean }): Census {
  const known = new Map<number, { living: Living | null; sightings: number }>();
  const offences: string[] = [];
  const look = (): Living[] => {
    const pids = new Set(readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : [])));
    for (const pid of known.keys()) if (!pids.has(pid)) known.delete(pid);
    const found: Living[] = [];
    for (const pid of pids) {
      const before = known.get(pid);
      const entry =
        before !== undefined && before.sightings >= SIGHTINGS && before.living === null
          ? before
          : { living: readLiving(pid, place), sightings: (before?.sightings ?? 0) + 1 };
      known.set(pid, entry);
      if (entry.living !== null) found.push(entry.living);
    }
    return found;
  };
  const timer = setInterval(() => {
    const agents = look().filter(({ part }) => part === "agent");
    const releases = new Set(agents.map(({ release }) => release)).size;
    if (mayBeTwo ? agents.length > 2 || releases < agents.length : releases > 1)
      offences.push(agents.map(({ pid, release }) => `${pid} of ${release}`).join(" beside "));
  }, EVERY_MS);
  return { now: look, offences, stop: () => clearInterval(timer) };
}

function readLiving(pid: number, place: string): Living | null {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
    if (!environment.includes(place)) return null;
    const argv = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
    const marker = /(?:^|\0)INSTAR_SLOT_RUN=([^\0]*)/.exec(environment)?.[1];
    if (marker !== undefined) return { pid, part: argv[1] === "server.js" ? "agent" : "other", release: marker.split(":")[1] ?? null };
    if (environment.includes("INSTAR_JOB=")) return { pid, part: "job", release: null };
    const part = (["keeper", "daemon"] as const).find((name) => argv.includes(name));
    return { pid, part: part ?? "other", release: null };
  } catch {
    return null;
  }
}

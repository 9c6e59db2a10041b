import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Victim } from "./crash-point.ts";

const PARTS: Readonly<Record<Victim, readonly string[]>> = {
  daemon: ["daemon"],
  keeper: ["keeper"],
  agent: ["agent"],
  beside: ["beside"],
  both: ["keeper", "daemon"],
  all: ["agent", "keeper", "daemon"],
};

/** Pids of this instance's living processes, by what its own files say and /proc confirms: never a stranger's. */
export function readVictims(data: string, who: Victim): number[] {
  return PARTS[who].flatMap((part) => pidsOf(data, part)).filter((pid) => isOurs(pid, data));
}

function pidsOf(data: string, part: string): number[] {
  if (part === "daemon") return pidIn(join(data, "daemon.json"));
  if (part === "keeper") return pidIn(join(data, "keeper", "control.json"));
  const state = readJson(join(data, "keeper", "state.json")) as
    | { routed: string | null; slots: Record<string, { process: { pid: number } | null }> }
    | undefined;
  return Object.entries(state?.slots ?? {}).flatMap(([slot, { process }]) =>
    process === null || (part === "beside" && slot === state?.routed) ? [] : [process.pid],
  );
}

function pidIn(path: string): number[] {
  const found = readJson(path) as { pid?: number } | undefined;
  return found?.pid === undefined ? [] : [found.pid];
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Everything of an instance carries its data folder in its environment. */
function isOurs(pid: number, data: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(data);
  } catch {
    return false;
  }
}

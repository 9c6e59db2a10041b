import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { CrashPoint, Kill, Sight, Victim, World } from "./crash-point.ts";
import { readVictims } from "./read-victims.ts";

interface Place {
  /** armed/, fired/, kills.jsonl, trace.jsonl. */
  readonly folder: string;
  /** The instance's data folder. */
  readonly data: string;
}

type Event =
  | { readonly entry: string; readonly step: string | null; readonly update: string; readonly attempt: number; readonly seq: number }
  | { readonly rename: string };

/**
 * Makes this process die where an armed point says so: around an insert into the journal (before it, or once its transaction is
 * committed) and around a rename. Each such insert also leaves a sight of the world in trace.jsonl.
 */
export function installCrashPoints(place: Place): void {
  for (const name of ["armed", "fired"]) mkdirSync(join(place.folder, name), { recursive: true });
  const counts = new Map<string, number>();
  const meet = (event: Event, when: CrashPoint["when"]) => dieIfArmed(place, event, when, counts);
  wrapJournal(place, meet);
  wrapRename(place, meet);
}

function wrapJournal(place: Place, meet: (event: Event, when: CrashPoint["when"]) => void): void {
  const { prepare, exec } = DatabaseSync.prototype;
  let written: Event | undefined;
  DatabaseSync.prototype.prepare = function (sql, ...rest) {
    const statement = prepare.call(this, sql, ...rest);
    if (!sql.startsWith("INSERT INTO journal")) return statement;
    const run = statement.run.bind(statement) as (...values: SQLInputValue[]) => ReturnType<typeof statement.run>;
    statement.run = ((...values: SQLInputValue[]) => {
      const row = parseRow(sql, values);
      const event = {
        entry: String(row.kind),
        step: row.step === null ? null : String(row.step),
        update: String(row.update_id),
        attempt: Number(row.attempt),
        seq: Number(row.seq),
      };
      see(place, { at: event, atMs: Date.now(), epoch: Number(row.epoch), world: readWorld(place.data) });
      meet(event, "before");
      const result = run(...values);
      written = event;
      meet(event, "within");
      return result;
    }) as typeof statement.run;
    return statement;
  };
  DatabaseSync.prototype.exec = function (sql) {
    exec.call(this, sql);
    if (written === undefined || this.isTransaction) return;
    const event = written;
    written = undefined;
    if (sql === "COMMIT") meet(event, "after");
  };
}

function parseRow(sql: string, values: readonly SQLInputValue[]): Record<string, SQLInputValue> {
  const columns =
    /\(([^)]*)\)/
      .exec(sql)?.[1]
      ?.split(",")
      .map((column) => column.trim()) ?? [];
  return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null]));
}

function wrapRename(place: Place, meet: (event: Event, when: CrashPoint["when"]) => void): void {
  const { rename } = promises;
  promises.rename = async (from, to) => {
    const event = { rename: String(to) };
    if (/snapshots\/[^/]+\/manifest\.json$/.test(event.rename)) see(place, { at: event, atMs: Date.now(), epoch: null, world: readWorld(place.data) });
    meet(event, "before");
    await rename(from, to);
    if (event.rename === join(place.data, "keeper", "state.json")) see(place, { at: event, atMs: Date.now(), epoch: null, world: readWorld(place.data) });
    meet(event, "after");
  };
  syncBuiltinESMExports();
}

function see({ folder }: Place, sight: Sight): void {
  appendFileSync(join(folder, "trace.jsonl"), `${JSON.stringify(sight)}\n`);
}

function dieIfArmed({ folder, data }: Place, event: Event, when: CrashPoint["when"], counts: Map<string, number>): void {
  for (const name of readdirSync(join(folder, "armed")).sort()) {
    const point = readPoint(join(folder, "armed", name));
    if (point === undefined || point.when !== when || !isAt(point, event, folder)) continue;
    const count = (counts.get(point.id) ?? 0) + 1;
    counts.set(point.id, count);
    if (count !== (point.at.nth ?? 1)) continue;
    try {
      renameSync(join(folder, "armed", name), join(folder, "fired", name));
    } catch {
      continue; // another process fires this one
    }
    const why = JSON.stringify([when, point.at]);
    if (point.who !== "fault") {
      killVictims(folder, data, point.who, why);
      continue;
    }
    note(folder, { atMs: Date.now(), who: "fault", pids: [process.pid], why });
    throw new Error("the crash test breaks this process");
  }
}

function readPoint(path: string): CrashPoint | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as CrashPoint;
  } catch {
    return undefined;
  }
}

function isAt({ at }: CrashPoint, event: Event, folder: string): boolean {
  if ("rename" in at) return "rename" in event && event.rename.includes(at.rename) && (at.during === undefined || at.during === readStepUnderWay(folder));
  return "entry" in event && event.entry === at.entry && (at.step === undefined || event.step === at.step);
}

/** What was begun by the newest entry in trace.jsonl; undefined where it was answered. */
function readStepUnderWay(folder: string): string | undefined {
  const lines = readFileSync(join(folder, "trace.jsonl"), "utf8").split("\n").slice(0, -1);
  const newest = lines.map((line) => (JSON.parse(line) as Sight).at).findLast((at) => "entry" in at);
  if (newest === undefined || !("entry" in newest) || newest.step === null) return undefined;
  return newest.entry === "applying" ? newest.step : newest.entry === "undoing" ? `undoing ${newest.step}` : undefined;
}

/** This process last: what it kills before itself must not outlive it. */
function killVictims(folder: string, data: string, who: Victim, why: string): void {
  const pids = readVictims(data, who);
  note(folder, { atMs: Date.now(), who, pids, why });
  for (const pid of pids.toSorted((a, b) => Number(a === process.pid) - Number(b === process.pid)))
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it ended by itself meanwhile
    }
}

function note(folder: string, kill: Kill): void {
  appendFileSync(join(folder, "kills.jsonl"), `${JSON.stringify(kill)}\n`);
}

function readWorld(data: string): World {
  const keeper = readJson(join(data, "keeper", "state.json")) as
    | {
        holding: boolean;
        routed: string | null;
        share: { slot: string } | null;
        slots: Record<string, { spec: { release: string } | null; wanted: string; process: { pid: number } | null }>;
      }
    | undefined;
  const releaseIn = (slot: string | null | undefined) => (slot == null ? null : (keeper?.slots[slot]?.spec?.release ?? null));
  const releases = readFolder(join(data, "releases"));
  const snapshots = readFolder(join(data, "snapshots")).filter((name) => !name.startsWith("."));
  return {
    holding: keeper?.holding ?? false,
    routed: releaseIn(keeper?.routed),
    share: releaseIn(keeper?.share?.slot),
    slots: Object.values(keeper?.slots ?? {}).map(({ spec, wanted, process }) => ({
      release: spec?.release ?? null,
      wanted,
      pid: process?.pid ?? null,
      isAlive: process !== null && isAlive(process.pid),
    })),
    releases,
    sealed: releases.filter((name) => existsSync(join(data, "releases", name, "release.json"))),
    snapshots,
    whole: snapshots.filter((name) => existsSync(join(data, "snapshots", name, "manifest.json"))),
  };
}

/** A zombie does not live. */
function isAlive(pid: number): boolean {
  try {
    return !/^[ZX]/.test(readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1) ?? "Z");
  } catch {
    return false;
  }
}

function readFolder(path: string): string[] {
  return existsSync(path) ? readdirSync(path).sort() : [];
}

function readJson(path: string): unknown {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Attempt } from "../attempt.ts";
import { nowMs, sleep } from "../bench-clock.ts";
import { median } from "../percentile.ts";
import { findProgram, type Place } from "../place.ts";
import { type Asked, findTools, TOOLS, type Tool, type ToolName, type ToolPlaces } from "./backup-tools.ts";
import { changeData, makeData } from "./make-data.ts";
import { OPERATIONS } from "./plan-backup-bars.ts";
import type { BackupBenchPlan, DataPlan } from "./plan-backup-bench.ts";

/** One tool's rounds: seconds by what was asked, or why there are none. */
export interface ToolSamples {
  readonly seconds: Readonly<Partial<Record<Asked, readonly number[]>>>;
  readonly diskBytes: number;
  /** The highest of all its processes; null where nothing can tell. */
  readonly peakMiB: number | null;
  /** What the six operations took of the processor: on a busy machine it says more than the clock. */
  readonly processorS: number | null;
}

export interface DataSamples {
  readonly plan: DataPlan;
  readonly sizeBytes: number;
  readonly tools: Readonly<Record<ToolName, ToolSamples | string>>;
}

/** What was written shortly before a backup is read again by the next, ours and the others' alike; real data is older than that. */
const AGE_MS = 3_000;

/** Each tool on a copy of its own; they take turns with every operation, so that a slow minute of the machine is everybody's. */
export async function measureBackup(place: Place, plan: BackupBenchPlan, attempt: Attempt, say: (line: string) => void): Promise<DataSamples[]> {
  const samples: DataSamples[] = [];
  for (const data of [plan.small, plan.large]) {
    say(`making ${data.name}`);
    const source = join(place.folder, "source");
    makeData(source, data);
    const subjects = TOOLS.map((name) => openSubject(place, name));
    for (let round = 1; round <= plan.rounds; round += 1) {
      say(`${data.name}, round ${round} of ${plan.rounds}`);
      await runRound(place, { plan: data, source, say }, subjects, attempt);
    }
    samples.push({ plan: data, sizeBytes: readSize(source), tools: Object.fromEntries(subjects.map(closeSubject)) as DataSamples["tools"] });
    rmSync(source, { recursive: true });
  }
  return samples;
}

interface Subject {
  readonly name: ToolName;
  readonly places: ToolPlaces;
  readonly rounds: { seconds: Partial<Record<Asked, readonly number[]>>; diskBytes: number; peakMiB: number | null; processorS: number | null }[];
  /** A reason takes its place where it is not there, or once it failed. */
  tool: Tool | string;
}

function openSubject(place: Place, name: ToolName): Subject {
  const base = join(place.folder, name);
  return {
    name,
    tool: findTools(place.folder)[name],
    places: { data: join(base, "data"), kept: join(base, "kept"), out: join(base, "out") },
    rounds: [],
  };
}

const closeSubject = ({ name, tool, rounds }: Subject): [ToolName, ToolSamples | string] => [name, typeof tool === "string" ? tool : joinRounds(rounds)];

async function runRound(
  place: Place,
  { plan, source, say }: { plan: DataPlan; source: string; say: (line: string) => void },
  subjects: readonly Subject[],
  attempt: Attempt,
): Promise<void> {
  const present = subjects.filter(({ tool }) => typeof tool !== "string");
  try {
    for (const { places, rounds } of present) {
      mkdirSync(places.out, { recursive: true });
      cpSync(source, places.data, { recursive: true });
      rounds.push({ seconds: {}, diskBytes: Number.NaN, peakMiB: 0, processorS: 0 });
    }
    await place.run(["sync"]);
    await sleep(AGE_MS, place.signal);
    for (const asked of ["begin", ...OPERATIONS, "read"] as const)
      for (const subject of present) {
        if (typeof subject.tool === "string") continue;
        const failure = await attempt(`${plan.name}, ${subject.name}, ${asked}`, () => runOne(place, plan, subject, asked));
        if (failure !== undefined) subject.tool = failure;
        const seconds = subject.rounds.at(-1)?.seconds[asked]?.[0];
        if (seconds !== undefined) say(`${asked}, ${subject.name}: ${seconds.toFixed(2)} s`);
      }
    for (const { places, rounds } of present) Object.assign(rounds.at(-1) ?? {}, { diskBytes: readSize(places.kept) });
  } finally {
    for (const { places } of present) rmSync(join(places.data, ".."), { recursive: true, force: true });
  }
}

async function runOne(place: Place, plan: DataPlan, { tool, places, rounds }: Subject, asked: Asked): Promise<undefined> {
  const round = rounds.at(-1);
  if (round === undefined || typeof tool === "string") return;
  if (asked === "changed") changeData(places.data, plan, "a change");
  // In place: what is there is what was restored, and one file in a hundred is not as it should be.
  if (asked === "in place") changeData(places.out, plan, "another change");
  await place.run(["sync"]);
  const ran = await askTool(place, tool, asked, places);
  if (asked === "restore" || asked === "in place") assertSame(places.data, places.out, asked);
  if (ran === undefined || asked === "begin") return;
  round.seconds[asked] = [ran.seconds];
  round.peakMiB = ran.peakMiB === null || round.peakMiB === null ? null : Math.max(round.peakMiB, ran.peakMiB);
  if (asked !== "read") round.processorS = ran.processorS === null || round.processorS === null ? null : round.processorS + ran.processorS;
}

interface Ran {
  readonly seconds: number;
  readonly peakMiB: number | null;
  readonly processorS: number | null;
}

async function askTool(place: Place, tool: Tool, asked: Asked, places: ToolPlaces): Promise<Ran | undefined> {
  const command = tool.command(asked, places);
  if (command === undefined) return undefined;
  const time = findProgram("time");
  const notes = join(place.folder, "time");
  const argv = time === undefined ? command.argv : [time, "-f", "%M %U %S", "-o", notes, ...command.argv];
  const begunMs = nowMs();
  await place.run(argv, { cwd: command.cwd, environment: tool.environment });
  const seconds = (nowMs() - begunMs) / 1_000;
  if (time === undefined) return { seconds, peakMiB: null, processorS: null };
  const [kib = 0, userS = 0, systemS = 0] = (readFileSync(notes, "utf8").trim().split("\n").at(-1) ?? "").split(" ").map(Number);
  return { seconds, peakMiB: kib / 1_024, processorS: userS + systemS };
}

function joinRounds(rounds: readonly ToolSamples[]): ToolSamples {
  const seconds: Partial<Record<Asked, number[]>> = {};
  for (const round of rounds)
    for (const [asked, values] of Object.entries(round.seconds)) seconds[asked as Asked] = [...(seconds[asked as Asked] ?? []), ...values];
  const peaks = rounds.map(({ peakMiB }) => peakMiB);
  return {
    seconds,
    diskBytes: rounds.at(-1)?.diskBytes ?? Number.NaN,
    peakMiB: peaks.includes(null) ? null : Math.max(...peaks.map(Number)),
    processorS: median(rounds.map(({ processorS }) => processorS ?? Number.NaN)),
  };
}

/** By the bytes, whatever the tool says of itself. */
function assertSame(from: string, to: string, operation: string): void {
  const [wanted, got] = [listFiles(from), listFiles(to)];
  if (wanted.join("\n") !== got.join("\n")) throw new Error(`${operation}: other files came back than were kept`);
  for (const path of wanted)
    if (!readFileSync(join(from, path)).equals(readFileSync(join(to, path)))) throw new Error(`${operation}: ${path} came back with other bytes`);
}

const listFiles = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

const readSize = (folder: string) => listFiles(folder).reduce((sum, path) => sum + lstatSync(join(folder, path)).size, 0);

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

/** Each tool on a copy of its own; they take turns, so that a slow minute of the machine is everybody's. */
export async function measureBackup(place: Place, plan: BackupBenchPlan, attempt: Attempt, say: (line: string) => void): Promise<DataSamples[]> {
  const samples: DataSamples[] = [];
  for (const data of [plan.small, plan.large]) {
    say(`making ${data.name}`);
    const source = join(place.folder, "source");
    makeData(source, data);
    samples.push({ plan: data, sizeBytes: readSize(source), tools: await measureTools(place, { plan: data, source, rounds: plan.rounds }, attempt, say) });
    rmSync(source, { recursive: true });
  }
  return samples;
}

interface Subject {
  readonly plan: DataPlan;
  readonly source: string;
  readonly rounds: number;
}

async function measureTools(place: Place, subject: Subject, attempt: Attempt, say: (line: string) => void): Promise<Record<ToolName, ToolSamples | string>> {
  const tools = findTools(place.folder);
  const found = Object.fromEntries(TOOLS.map((name) => [name, typeof tools[name] === "string" ? tools[name] : []])) as Record<ToolName, ToolSamples[] | string>;
  for (let round = 1; round <= subject.rounds; round += 1)
    for (const name of TOOLS) {
      const [tool, samples] = [tools[name], found[name]];
      if (typeof tool === "string" || typeof samples === "string") continue;
      say(`${subject.plan.name}, ${name}, round ${round} of ${subject.rounds}`);
      const sample = await attempt(`${subject.plan.name}, ${name},`, () => runRound(place, subject, tool));
      if (typeof sample === "string") found[name] = sample;
      else samples.push(sample);
    }
  return Object.fromEntries(TOOLS.map((name) => [name, typeof found[name] === "string" ? found[name] : joinRounds(found[name])])) as Record<
    ToolName,
    ToolSamples | string
  >;
}

async function runRound(place: Place, { plan, source }: Subject, tool: Tool): Promise<ToolSamples> {
  const base = join(place.folder, "round");
  const places: ToolPlaces = { data: join(base, "data"), kept: join(base, "kept"), out: join(base, "out") };
  const seconds: Partial<Record<Asked, readonly number[]>> = {};
  let [peakMiB, processorS]: [number | null, number | null] = [0, 0];
  const ask = async (asked: Asked): Promise<void> => {
    const ran = await askTool(place, tool, asked, places);
    if (ran === undefined) return;
    if (asked !== "begin") seconds[asked] = [ran.seconds];
    peakMiB = ran.peakMiB === null || peakMiB === null ? null : Math.max(peakMiB, ran.peakMiB);
    if (asked !== "begin" && asked !== "read") processorS = ran.processorS === null || processorS === null ? null : processorS + ran.processorS;
  };
  try {
    mkdirSync(places.out, { recursive: true });
    cpSync(source, places.data, { recursive: true });
    await place.run(["sync"]);
    await sleep(AGE_MS, place.signal);
    await ask("begin");
    for (const operation of OPERATIONS) {
      if (operation === "changed") changeData(places.data, plan, "a change");
      // In place: what is there is what was restored, and one file in a hundred is not as it should be.
      if (operation === "in place") changeData(places.out, plan, "another change");
      await place.run(["sync"]);
      await ask(operation);
      if (operation === "restore" || operation === "in place") assertSame(places.data, places.out, operation);
    }
    await ask("read");
    return { seconds, diskBytes: readSize(places.kept), peakMiB, processorS };
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
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

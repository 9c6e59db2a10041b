// npm run test:crash -- [--kills 1000] [--seed N] [--quick] [--rows "a;b"] [--random] [--strategy recreate|blue-green] [--lanes 2] [--within s] [--keep]: kills real processes
// until there are enough kills, on two instances at a time, every second of which exchanges side by side; exit 1 at the first violation. The same seed plans the same acts; when exactly a process dies is the machine's part.

import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { seedRandom } from "@instar/testkit";
import { nameOf } from "./instance-kind.ts";
import { planMatrix, planProbes, planRandomAct, planRandomKind, type Row } from "./plan-acts.ts";
import { type Played, playActs } from "./play-acts.ts";

/** A fresh instance after so many acts: what only shows on a young one, or on one with a past, is met again and again. */
const ACTS_PER_INSTANCE = 12;
/** Far beyond what a thousand kills take. */
const WITHIN_MS = 3_000_000;

const { values } = parseArgs({
  options: {
    rows: { type: "string" },
    strategy: { type: "string" },
    random: { type: "boolean", default: false },
    lanes: { type: "string", default: "2" },
    within: { type: "string" },
    kills: { type: "string" },
    seed: { type: "string" },
    quick: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});
const wanted = Number(values.kills ?? (values.quick || values.rows !== undefined ? 0 : 1_000));
const seed = Number(values.seed ?? randomInt(1_000_000_000));
const beganMs = Date.now();
const stop = new AbortController();
const results: Played[] = [];
let live = 0;

say(`seed ${seed}: ${values.random ? "" : "the fixed rows, then "}random acts until ${wanted} kills`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
const strategy = values.strategy === "recreate" || values.strategy === "blue-green" ? values.strategy : undefined;
if (values.strategy !== undefined && strategy === undefined) throw new Error(`no strategy is called ${values.strategy}`);
const named = values.rows?.split(";");
const rows: { name: string; plan: () => Row }[] = Object.entries(named === undefined ? planMatrix() : { ...planMatrix(), ...planProbes() })
  .filter(([name, { kind }]) => (named === undefined ? !values.random && (strategy === undefined || kind.strategy === strategy) : named.includes(name)))
  .map(([name, row]) => ({ name, plan: () => row }));
let lane = 0;
await Promise.all(Array.from({ length: Number(values.lanes) }, work));
process.exitCode = report();

async function work(): Promise<void> {
  while (!stop.signal.aborted && Date.now() - beganMs < WITHIN_MS) {
    const row = rows.shift() ?? nextRandomRow();
    if (row === undefined) return;
    const { kind, acts } = row.plan();
    const result = await playActs(kind, acts, {
      say: (line) => say(`${row.name}: ${line}`),
      keep: values.keep,
      signal: stop.signal,
      ...(values.within === undefined ? {} : { withinMs: Number(values.within) * 1_000 }),
    });
    results.push(result);
    live = results.reduce((sum, { kills }) => sum + kills, 0);
    say(`${live} kills, ${results.reduce((sum, { acts }) => sum + acts, 0)} updates`);
    if (result.violations.length > 0) stop.abort();
  }
}

function nextRandomRow(): { name: string; plan: () => Row } | undefined {
  if (values.quick || values.rows !== undefined || live >= wanted) return undefined;
  lane += 1;
  const own = seed + lane;
  const kind = planRandomKind(lane, strategy);
  return {
    name: `random ${own} (${nameOf(kind)})`,
    plan: () => {
      const random = seedRandom(own);
      return { kind, acts: Array.from({ length: ACTS_PER_INSTANCE }, () => planRandomAct(kind, random)) };
    },
  };
}

function report(): number {
  const sum = (pick: (played: Played) => number) => results.reduce((total, played) => total + pick(played), 0);
  const violations = results.flatMap((played) => played.violations);
  say(
    `seed ${seed}: ${sum(({ kills }) => kills)} kills (${renderCounts(results.map(({ killsBy }) => killsBy))}), ${sum(({ acts }) => acts)} updates (${renderCounts(results.map(({ outcomes }) => outcomes))})`,
  );
  say(
    `${sum(({ acknowledged }) => acknowledged)} acknowledged writes; ${sum(({ lostWithProcesses }) => lostWithProcesses)} requests lost with killed keepers and agents, ${sum(({ failedByVersions }) => failedByVersions)} failed by misbehaving versions`,
  );
  for (const { unmet } of results) for (const point of unmet) if (values.quick || values.rows !== undefined) say(`never met: ${point}`);
  for (const violation of violations) say(`VIOLATION: ${violation}`);
  for (const { keptAt } of results) if (keptAt !== null) say(`kept at ${keptAt}`);
  say(violations.length === 0 ? "every update ended once, with code and state to match" : `${violations.length} violations`);
  return violations.length === 0 ? 0 : 1;
}

function renderCounts(counts: readonly Readonly<Record<string, number>>[]): string {
  const total = new Map<string, number>();
  for (const count of counts) for (const [name, number] of Object.entries(count)) total.set(name, (total.get(name) ?? 0) + number);
  return [...total].map(([name, number]) => `${number} ${name}`).join(", ");
}

function say(line: string): void {
  process.stdout.write(`${((Date.now() - beganMs) / 1_000).toFixed(0).padStart(5)} s  ${line}\n`);
}

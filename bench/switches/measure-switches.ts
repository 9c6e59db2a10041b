import { join } from "node:path";
import type { Attempt } from "../attempt.ts";
import { sleep } from "../bench-clock.ts";
import { type Row, row } from "../bench-report.ts";
import { type InstarFigures, measureInstar } from "../instar/measure-instar.ts";
import { startHaproxyReload, startHaproxyRuntime } from "../peers/haproxy.ts";
import { startNginx } from "../peers/nginx.ts";
import { startPm2 } from "../peers/pm2.ts";
import { median } from "../percentile.ts";
import { findProgram, type Place } from "../place.ts";
import type { SubjectName, SwitchPlan } from "../plan-run.ts";
import { countUnrepeatable, explainFailures, measureUnderLoad, type SwitchFigures } from "./measure-load.ts";
import type { Span, Subject } from "./subject.ts";

export interface Switches {
  readonly rows: readonly Row[];
  readonly failedInSwitches: number | null;
  readonly failedInReplacements: number | null;
  readonly p99Ratio: number | null;
  readonly awayAfterKillS: number | null;
}

export interface SwitchBench extends SwitchPlan {
  /** Why pm2 is not there, where it is not. */
  readonly withoutNpmPeers: string | undefined;
  readonly inPlace: <T>(name: string, work: (place: Place) => Promise<T>) => Promise<T>;
  readonly attempt: Attempt;
  readonly say: (line: string) => void;
}

type PeerName = Exclude<SubjectName, "instar">;
interface PeerFigures {
  readonly figures: SwitchFigures;
  readonly switchMs: number;
}

const TITLES: Readonly<Record<PeerName, string>> = {
  pm2: "PM2 cluster reload",
  nginx: "nginx reload",
  "haproxy-reload": "haproxy reload",
  "haproxy-runtime": "haproxy admin socket",
};

/** The same agent under the same load, exchanged by each subject in turn. One that is not there, or could not be measured, leaves rows that say so. */
export async function measureSwitches(bench: SwitchBench): Promise<Switches> {
  const { inPlace, attempt, say, subjects } = bench;
  const measureOurs = () => attempt("instar", () => inPlace("instar", (place) => measureInstar(place, bench, attempt, say)));
  const instar = subjects.includes("instar") ? await measureOurs() : undefined;
  const peers = new Map<PeerName, PeerFigures | string>();
  for (const name of subjects) if (name !== "instar") peers.set(name, await attempt(name, () => measurePeer(name, bench)));
  return summariseSwitches(bench, instar, peers);
}

async function measurePeer(name: PeerName, bench: SwitchBench): Promise<PeerFigures | string> {
  const { inPlace, say } = bench;
  const program = name === "pm2" ? undefined : findProgram(name === "nginx" ? "nginx" : "haproxy");
  if (name === "pm2" && bench.withoutNpmPeers !== undefined) return bench.withoutNpmPeers;
  if (name !== "pm2" && program === undefined) return "not installed (apt-get install nginx-light haproxy)";
  return inPlace(name, async (place) => {
    say(`${name}: starting`);
    const writesLog = join(place.folder, "writes.log");
    const subject = await startPeer(name, place, program ?? "", writesLog);
    const spans: Span[] = [];
    const { warmUpSeconds, steadySeconds } = bench;
    const figures = await measureUnderLoad({ place, port: subject.port, writesLog, warmUpSeconds, steadySeconds }, async () => {
      for (let turn = 1; turn <= bench.switches; turn += 1) {
        spans.push(await subject.switchTo(`1.0.${turn}`));
        await sleep(DRAIN_MS, place.signal);
        await subject.endOld();
        await sleep(DRAIN_MS, place.signal);
        say(`${name}: ${turn} of ${bench.switches}, ${Math.round(spans.at(-1)?.tookMs ?? 0)} ms`);
      }
      return spans;
    });
    return { figures, switchMs: median(spans.map(({ tookMs }) => tookMs)) };
  });
}

/** How long a careful operator's script leaves the old agent to what it has begun before it is asked to go. */
const DRAIN_MS = 500;

function startPeer(name: PeerName, place: Place, program: string, writesLog: string): Promise<Subject> {
  switch (name) {
    case "pm2":
      return startPm2(place, writesLog);
    case "nginx":
      return startNginx(place, program, writesLog);
    case "haproxy-reload":
      return startHaproxyReload(place, program, writesLog);
    case "haproxy-runtime":
      return startHaproxyRuntime(place, program, writesLog);
  }
}

/** Pure: figures to rows, each of ours beside each peer's. */
export function summariseSwitches(plan: SwitchPlan, found: InstarFigures | string | undefined, peers: ReadonlyMap<PeerName, PeerFigures | string>): Switches {
  const rows: Row[] = [];
  const instar = typeof found === "object" ? found : undefined;
  const ours = instar?.switches;
  // Measured alone, our figures still have a row each.
  const besides = peers.size === 0 ? [[undefined, undefined] as const] : [...peers];
  const many = `${plan.switches} switches${found === undefined ? "" : `, Instar ${2 * plan.switches}`}`;
  for (const { what, unit, of } of METRICS)
    for (const [index, [name, peer]] of besides.entries()) {
      const measured = typeof peer === "object" ? peer.figures : undefined;
      const isFailures = what === FAILED;
      const notes = [
        typeof found === "string" ? `Instar: ${found}` : undefined,
        typeof peer === "string" ? peer : undefined,
        isFailures && index === 0 && ours !== undefined && ours.failures.length > 0 ? `Instar: ${explainFailures(ours.failures)}` : undefined,
        isFailures && measured !== undefined && measured.failures.length > 0 ? `peer: ${explainFailures(measured.failures)}` : undefined,
      ];
      rows.push(
        row(
          what.replace("{many}", many),
          unit,
          ours === undefined ? null : of(ours),
          titleOf(name),
          measured === undefined ? null : of(measured),
          notes.filter((note) => note !== undefined).join("; "),
        ),
      );
    }
  for (const [name, peer] of besides) {
    const measured = typeof peer === "object" ? peer.switchMs : null;
    rows.push(row("switch, median", "ms", instar?.switchMs ?? null, titleOf(name), measured, typeof peer === "string" ? peer : undefined));
  }
  if (instar !== undefined) rows.push(...ownRows(plan, instar));
  const replacements = typeof instar?.replacements === "object" ? instar.replacements.figures : undefined;
  return {
    rows,
    failedInSwitches: ours?.failures.length ?? null,
    failedInReplacements: replacements?.failures.length ?? null,
    p99Ratio: ours === undefined ? null : ours.duringP99Ms / ours.steadyP99Ms,
    awayAfterKillS: typeof instar?.kills === "object" ? instar.kills.awayS : null,
  };
}

const FAILED = "of those failed";
const METRICS: readonly { what: string; unit: string; of: (figures: SwitchFigures) => number }[] = [
  { what: "requests, messages, streams; {many}", unit: "requests", of: ({ requests }) => requests },
  { what: FAILED, unit: "failed", of: ({ failures }) => failures.length },
  { what: "of those, not to be mended by asking again", unit: "failed", of: ({ failures }) => countUnrepeatable(failures) },
  { what: "WebSockets told to reconnect", unit: "times", of: ({ toldToReconnect }) => toldToReconnect },
  { what: "latency, steady, median", unit: "ms", of: ({ steadyMedianMs }) => steadyMedianMs },
  { what: "latency, steady, p99", unit: "ms", of: ({ steadyP99Ms }) => steadyP99Ms },
  { what: "latency, during a switch, p99", unit: "ms", of: ({ duringP99Ms }) => duringP99Ms },
  { what: "latency, before and after a switch, p99", unit: "ms", of: ({ betweenP99Ms }) => betweenP99Ms },
  { what: "of which the clients themselves were late, p99", unit: "ms", of: ({ clientsLateP99Ms }) => clientsLateP99Ms },
  { what: "p99 during / steady", unit: "x", of: ({ duringP99Ms, steadyP99Ms }) => duringP99Ms / steadyP99Ms },
];

/** What no peer has. */
function ownRows(plan: SwitchPlan, { strategy, switches, rollbackMs, replacements, kills }: InstarFigures): Row[] {
  const alone = (what: string, unit: string, ours: number | null, note?: string) => row(what, unit, ours, null, null, note);
  const replaced = typeof replacements === "object" ? replacements : undefined;
  const because = typeof replacements === "string" ? replacements : undefined;
  const killed = typeof kills === "object" ? kills : undefined;
  const becauseOfKills = typeof kills === "string" ? kills : undefined;
  return [
    alone("way back, median", "ms", rollbackMs, `exchange: ${strategy}`),
    alone(
      `failed in ${plan.keeperReplacements} keeper replacements`,
      "failed",
      replaced?.figures.failures.length ?? null,
      because ?? explainFailures(replaced?.figures.failures ?? []),
    ),
    alone("keeper replacement, p99 during / steady", "x", replaced === undefined ? null : replaced.figures.duringP99Ms / switches.steadyP99Ms, because),
    alone("keeper replacement, median", "ms", replaced?.tookMs ?? null, because),
    alone(
      `failed in ${plan.keeperKills} SIGKILLs of the keeper`,
      "failed",
      killed?.figures.failures.length ?? null,
      becauseOfKills ?? explainFailures(killed?.figures.failures ?? []),
    ),
    alone("without a front after SIGKILL of the keeper, longest", "s", killed?.awayS ?? null, becauseOfKills),
  ];
}

const titleOf = (name: PeerName | undefined) => (name === undefined ? null : TITLES[name]);

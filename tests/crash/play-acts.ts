import { request } from "node:http";
import { type Behaviour, Bench, type Entry } from "./bench.ts";
import { type CrashPoint, endsAgent, type Victim } from "./crash-point.ts";
import type { InstanceKind } from "./instance-kind.ts";
import { type Judgement, judge } from "./oracle.ts";

export type Scenario =
  | "committed"
  | "misbehaves"
  | "breaks-state"
  | "will-not-start"
  | "fails-smoke"
  | "refused"
  | "cancelled"
  | "cancelled-in-trial"
  | "cancelled-late"
  | "gives-way"
  | "superseded"
  | "retried";

/** One update and the kills that befall it. */
export interface Act {
  readonly scenario: Scenario;
  readonly points: readonly Omit<CrashPoint, "id">[];
  /** Kills from outside, each so long after the one before it. */
  readonly instants: readonly { readonly who: Victim; readonly afterMs: number }[];
  /** What takes its place, while it is still tested or still watched. */
  readonly by?: Act;
}

export interface Played {
  readonly acts: number;
  readonly kills: number;
  readonly killsBy: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly lostWithProcesses: number;
  readonly failedByVersions: number;
  /** Points that no process came by. */
  readonly unmet: readonly string[];
  readonly violations: readonly string[];
  /** Where the instance lies that was found wanting. */
  readonly keptAt: string | null;
}

const BEHAVIOURS: Readonly<Record<Scenario, Behaviour>> = {
  committed: "good",
  misbehaves: "misbehaves",
  "breaks-state": "breaks-state",
  "will-not-start": "will-not-start",
  "fails-smoke": "fails-smoke",
  refused: "fails-tests",
  cancelled: "slow-tests",
  "cancelled-in-trial": "good",
  "cancelled-late": "good",
  "gives-way": "slow-tests",
  superseded: "good",
  retried: "good",
};

/** However it is killed, an update to a good version may only end otherwise where its own agent was killed in service. */
const OUTCOMES: Readonly<Record<Scenario, string>> = {
  committed: "committed",
  misbehaves: "rolled-back",
  "breaks-state": "rolled-back",
  "will-not-start": "rolled-back",
  "fails-smoke": "rolled-back",
  refused: "refused",
  cancelled: "cancelled",
  "cancelled-in-trial": "rolled-back",
  "cancelled-late": "rolled-back",
  "gives-way": "cancelled",
  superseded: "superseded",
  retried: "committed",
};

/** What shows before anybody meets it that nobody should. */
const UNFIT: readonly Behaviour[] = ["will-not-start", "fails-smoke", "fails-tests", "slow-tests"];

/** An act that has not ended by then hangs. Rows of kills lengthen the pauses before each start. */
const ACT_WITHIN_MS = 240_000;
/** An `up` whose keeper is killed waits half a minute before it gives up, and only then the next one starts everything again. */
const SETTLE_WITHIN_MS = 60_000;
/** A daemon that dies more often than this in its keeper's life waits ten seconds for the next start. */
const DEATHS_BEFORE_REST = 2;

/** Plays acts on one instance, one after the other, and lets the oracle judge after each. Stops at the first violation. */
export async function playActs(
  kind: InstanceKind,
  acts: readonly Act[],
  options: { say: (line: string) => void; keep?: boolean; signal?: AbortSignal; withinMs?: number },
): Promise<Played> {
  const bench = await Bench.create(kind);
  const unmet: string[] = [];
  let judgement: Judgement | undefined;
  let violations: readonly string[] = [];
  let played = 0;
  const withinMs = options.withinMs ?? ACT_WITHIN_MS;
  try {
    await bench.begin();
    violations = [...(await reachEnd(bench, "1.0.0", "committed", withinMs, (journal) => serveOnceConfirmed(bench, journal)))];
    for (const act of acts) {
      if (violations.length > 0 || options.signal?.aborted) break;
      const { versions, wrong } = await playAct(bench, act, withinMs);
      unmet.push(...bench.disarm().map(({ who, when, at }) => `${describeAct(act)}: ${who} ${when} ${JSON.stringify(at)}`));
      ({ judgement, violations } = await settle(bench, wrong));
      played += versions.length;
      options.say(
        `${versions.join(" and ")} ${describeAct(act)}: ${versions.map((version) => judgement?.outcomes.get(version) ?? "no end").join(" and ")}, ${bench.kills().length} kills so far${violations.length === 0 ? "" : `; WRONG: ${violations.join("; ")}`}`,
      );
    }
    return describe(bench, played, judgement, unmet, violations, violations.length > 0 && options.keep === true);
  } finally {
    await bench.end(violations.length > 0 && options.keep === true);
  }
}

const describeAct = ({ scenario, by }: Act): string => (by === undefined ? scenario : `${scenario} by ${by.scenario}`);

function describe(
  bench: Bench,
  acts: number,
  judgement: Judgement | undefined,
  unmet: readonly string[],
  violations: readonly string[],
  isKept: boolean,
): Played {
  const kills = bench.kills();
  return {
    acts,
    kills: kills.length,
    killsBy: countBy(kills.map(({ who }) => who)),
    outcomes: countBy([...(judgement?.outcomes.values() ?? [])]),
    acknowledged: judgement?.acknowledged ?? 0,
    lostWithProcesses: judgement?.lost.withProcesses ?? 0,
    failedByVersions: judgement?.lost.byVersions ?? 0,
    unmet,
    violations,
    keptAt: isKept ? bench.place : null,
  };
}

export function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

/** @returns the versions that were published for it, and what was not as it should be about their updates' course */
async function playAct(bench: Bench, act: Act, withinMs: number): Promise<{ versions: string[]; wrong: string[] }> {
  const killedBefore = bench.kills().length;
  if (act.scenario === "cancelled-in-trial" || (isStarved(act.scenario) && !bench.kind.hasTrial)) bench.clients?.pause(true);
  bench.arm(act.scenario === "retried" ? [{ who: "both", at: { entry: "started" }, when: "after" }, ...act.points] : act.points);
  const version = await bench.publish(BEHAVIOURS[act.scenario]);
  const killing = killAtInstants(bench, act, version);
  let next: string | undefined;
  const wrong = await reachEnd(bench, version, act.scenario, withinMs, async (journal) => {
    // Those on trial are needed for the trial; a version that is then to be watched for long gets no more requests.
    if (isStarved(act.scenario) && has(journal, "applied", "trial")) bench.clients?.pause(true);
    await intervene(bench, act.scenario, journal);
    if (act.by !== undefined && next === undefined && has(journal, "applying", act.scenario === "gives-way" ? "validate" : "watch")) {
      bench.arm(act.by.points);
      next = await bench.publish(BEHAVIOURS[act.by.scenario]);
    }
    await restKeeper(bench, killedBefore);
  });
  await killing;
  bench.clients?.pause(false);
  bench.hideUpstream(false);
  const first = { versions: [version], wrong: [...wrong, ...judgeOutcome(bench, act.scenario, version, killedBefore)] };
  if (act.by === undefined || next === undefined || first.wrong.length > 0) return first;
  const { scenario } = act.by;
  const killingNext = killAtInstants(bench, act.by, next);
  const wrongNext = await reachEnd(bench, next, scenario, withinMs, async (journal) => {
    await intervene(bench, scenario, journal);
    await restKeeper(bench, killedBefore);
  });
  await killingNext;
  return { versions: [version, next], wrong: [...wrongNext, ...judgeOutcome(bench, scenario, next, killedBefore)] };
}

/** Without requests a version cannot pass its window: there is time for what is to happen in it. */
function isStarved(scenario: Scenario): boolean {
  return scenario === "cancelled-late" || scenario === "cancelled-in-trial" || scenario === "superseded";
}

function judgeOutcome(bench: Bench, scenario: Scenario, version: string, killedBefore: number): string[] {
  const outcome = bench.outcomeOf(version);
  const expected = [OUTCOMES[scenario]];
  const hasLostAgent = bench.kills().slice(killedBefore).some(endsAgent);
  if (hasLostAgent && (expected.includes("committed") || expected.includes("superseded"))) expected.push("rolled-back");
  // What it was asked on trial counts for its window, which may be over before anything newer is found.
  if (scenario === "superseded" && bench.kind.hasTrial) expected.push("committed");
  return outcome === undefined || expected.includes(outcome) ? [] : [`${version} (${scenario}) ended as ${outcome}`];
}

/** Waits until the update has ended, doing meanwhile what the scenario asks for. */
async function reachEnd(
  bench: Bench,
  version: string,
  scenario: Scenario,
  withinMs: number,
  meanwhile: (journal: readonly Entry[]) => unknown,
): Promise<string[]> {
  const untilMs = Date.now() + withinMs;
  while (Date.now() < untilMs) {
    const journal = bench.journal().filter((entry) => entry.versionTo === version);
    if (journal.some(({ kind }) => kind === "ended")) return [];
    const last = journal.at(-1);
    if (last?.kind === "stuck" && !isUnknownLoss(last)) return [`${version} (${scenario}) is stuck`];
    // Nobody knows what a killed keeper had counted: a person is asked, and this one lets the state go back.
    if (last?.kind === "stuck") await bench.tell("/v1/update/resolve", { how: "retry", loseWrites: true });
    await meanwhile(journal);
    await pause(40);
  }
  return [`${version} (${scenario}) did not end within ${withinMs / 1_000} s; last: ${JSON.stringify(bench.journal().at(-1))}`];
}

const isUnknownLoss = (entry: Entry) => entry.because?.includes("would lose at least") ?? false;

/** Clients come once the first version serves. */
function serveOnceConfirmed(bench: Bench, journal: readonly Entry[]): void {
  if (journal.some(({ kind, step }) => kind === "applied" && step === "confirm")) bench.serve();
}

async function intervene(bench: Bench, scenario: Scenario, journal: readonly Entry[]): Promise<void> {
  const begun = { cancelled: "validate", "cancelled-in-trial": "trial", "cancelled-late": bench.kind.hasTrial ? "switch" : "watch" }[scenario as string];
  if (begun !== undefined && has(journal, "applying", begun) && !has(journal, "cancel-requested", null)) await bench.tell("/v1/update/cancel", {});
  if (scenario === "retried" && has(journal, "started", null)) bench.hideUpstream(!has(journal, "failed", "fetch") && !has(journal, "applied", "fetch"));
}

const has = (journal: readonly Entry[], kind: string, step: string | null) => journal.some((entry) => entry.kind === kind && entry.step === step);

/** Between kills the keeper gives way to a new one, so that the test does not spend its time in a dying daemon's pauses. */
async function restKeeper(bench: Bench, killedBefore: number): Promise<void> {
  const kills = bench.kills();
  const lastKeeper = kills.findLastIndex(({ who }) => who === "keeper" || who === "both" || who === "all");
  const deaths = kills.slice(lastKeeper + 1).filter(({ who }) => who === "daemon" || who === "fault").length;
  const isDaemonAway = !bench.census.now().some(({ part }) => part === "daemon");
  if (deaths > DEATHS_BEFORE_REST && isDaemonAway && kills.length > killedBefore) bench.kill("keeper");
}

async function killAtInstants(bench: Bench, { instants }: Act, version: string): Promise<void> {
  for (const { who, afterMs } of instants) {
    await pause(afterMs);
    if (bench.outcomeOf(version) !== undefined) return;
    bench.kill(who);
  }
}

/** Judged again and again until all is well or time is up: what settles by itself within seconds is no violation. */
async function settle(bench: Bench, wrong: readonly string[]): Promise<{ judgement: Judgement | undefined; violations: readonly string[] }> {
  const untilMs = Date.now() + SETTLE_WITHIN_MS;
  for (;;) {
    const { judgement, violations } = await judgeNow(bench);
    if (violations.length === 0 || wrong.length > 0 || Date.now() > untilMs) return { judgement, violations: [...wrong, ...violations] };
    await pause(200);
  }
}

async function judgeNow(bench: Bench): Promise<{ judgement: Judgement | undefined; violations: readonly string[] }> {
  try {
    const front = await askFront(bench.port);
    const judgement = judge({
      data: bench.data,
      state: bench.state,
      witness: bench.witness,
      crash: bench.crash,
      answers: [...(bench.clients?.log ?? [])],
      misbehaving: new Set(
        [...bench.behaviours].flatMap(([version, behaviour]) => (behaviour === "misbehaves" || behaviour === "breaks-state" ? [version] : [])),
      ),
      unfit: new Set([...bench.behaviours].flatMap(([version, behaviour]) => (UNFIT.includes(behaviour) ? [version] : []))),
      kind: bench.kind,
      living: bench.census.now(),
      offences: bench.census.offences,
      front,
    });
    return { judgement, violations: judgement.violations };
  } catch (error) {
    return { judgement: undefined, violations: [`could not be judged: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

function askFront(port: number): Promise<{ status: number; version: string | null }> {
  return new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, path: "/", agent: false, timeout: 5_000 }, (response) => {
      const version = response.headers["x-agent-version"];
      response.resume().on("close", () => resolve({ status: response.statusCode ?? 0, version: typeof version === "string" ? version : null }));
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve({ status: 0, version: null }));
    asked.end();
  });
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

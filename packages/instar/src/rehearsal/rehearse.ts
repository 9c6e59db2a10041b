import type { RehearsalFinding } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import type { LogPatterns } from "../platform/read-error-kinds.ts";
import type { Settings } from "../settings/settings.ts";
import type { RehearsedPair } from "./ask-both.ts";
import { askProbes } from "./ask-probes.ts";
import { askThings } from "./ask-things.ts";
import { askVersion } from "./ask-version.ts";
import { compareAnswers } from "./compare-answers.ts";
import { makeFinding } from "./compare-shown.ts";
import { findNewErrors } from "./find-new-errors.ts";
import { explainEnd, guardAgent, type RehearsalTime } from "./guard-agent.ts";
import { measurePerformance } from "./measure-performance.ts";
import type { RehearsedAgent } from "./rehearsed-agent.ts";
import { runCommands } from "./run-commands.ts";

export interface Rehearsal {
  /** The version that serves, started beside the new one on a copy of the same state; undefined where there is none. */
  readonly old: RehearsedAgent | undefined;
  readonly new: RehearsedAgent;
  readonly settings: Pick<Settings, "rehearsal" | "health">;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Of the order in which requests are made: the same one gives the same order. Told by the two versions where it is left out. */
  readonly seed?: number;
  readonly onProgress?: (say: string) => void;
}

/**
 * Asks both versions, already started and ready, for everything that instar.yaml names, and compares. Never throws for what an agent does, and takes no
 * longer than rehearsal.within: what does not fit is a finding without data.
 */
export async function rehearse({ old, new: its, settings, clock, signal, seed, onProgress = () => undefined }: Rehearsal): Promise<RehearsalFinding[]> {
  const { rehearsal, health } = settings;
  const time: RehearsalTime = { clock, deadlineMs: clock.monotonicMs() + rehearsal.within, withinMs: rehearsal.within, signal };
  const pair: RehearsedPair = { old: old === undefined ? undefined : guardAgent(old, time), new: guardAgent(its, time) };
  const staysUntilMs = Math.min(clock.monotonicMs() + rehearsal.stays, time.deadlineMs);
  const findings: RehearsalFinding[] = [];
  const parts: readonly [string, () => Promise<readonly RehearsalFinding[]>][] = [
    ["asking which version runs", () => askVersion(pair, health.version, time)],
    ["asking the probes", () => askProbes(pair, rehearsal.probes, time)],
    ["asking for configured things", () => askThings(pair, rehearsal.things, time)],
    ["running the commands", () => runCommands(pair, rehearsal.commands, time)],
    ["comparing answers", () => compareAnswers(pair, settings, time)],
    ["comparing times", () => measurePerformance(pair, settings, time, { seed: seed ?? seedOf(`${old?.version} ${its.version}`), onProgress })],
  ];
  for (const [say, ask] of parts) {
    if (explainEnd(time) === undefined) onProgress(say);
    findings.push(...(await ask()));
  }
  await stayUntil(staysUntilMs, its, time);
  return [...findings, await judgeLogs(pair, rehearsal), judgeSurvival(pair)];
}

/** A version that answers at once and ends a second later has shown nothing yet. */
async function stayUntil(untilMs: number, its: RehearsedPair["new"], { clock, signal }: RehearsalTime): Promise<void> {
  while (clock.monotonicMs() < untilMs && its.isAlive() && signal?.aborted !== true)
    await clock.sleep(Math.min(100, untilMs - clock.monotonicMs()), signal).catch(() => undefined);
}

function seedOf(text: string): number {
  return [...text].reduce((seed, sign) => (Math.imul(seed, 31) + (sign.codePointAt(0) ?? 0)) | 0, 7);
}

/** Read last, so that what it wrote about everything that it was asked is in it. */
async function judgeLogs({ old, new: its }: RehearsedPair, patterns: LogPatterns): Promise<RehearsalFinding> {
  const known = old === undefined ? undefined : ((await old.readLog()) ?? "unread");
  return findNewErrors(known, await its.readLog(), patterns);
}

/** Whoever answers everything and then ends has not passed. */
function judgeSurvival({ old, new: its }: RehearsedPair): RehearsalFinding {
  if (its.isAlive()) return makeFinding("alive", "pass", "it was still running at the end");
  if (old !== undefined && !old.isAlive()) return makeFinding("alive", "inconclusive", "it ended during the rehearsal, and so did the old version");
  return makeFinding("alive", "fail", "its process ended during the rehearsal");
}

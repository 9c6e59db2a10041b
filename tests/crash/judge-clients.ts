import type { Answer } from "./drive-clients.ts";
import { outcomeOf, versionOf } from "./judge-journals.ts";
import type { Evidence } from "./read-evidence.ts";

export interface Lost {
  /** Requests that died with a keeper or an agent that was killed, or that met nobody until it was back. */
  readonly withProcesses: number;
  /** Requests that a misbehaving version failed. */
  readonly byVersions: number;
}

/** How far a kill is noted ahead of its taking effect, at the most. */
const KILL_NOTED_AHEAD_MS = 150;

/** What clients were promised against what is there; and every failed request against the reasons that excuse one. */
export function judgeClients(evidence: Evidence): string[] {
  const outages = listOutages(evidence);
  const isExcused = (answer: Answer) => isByVersion(answer, evidence) || outages.some(({ fromMs, toMs }) => answer.endedMs >= fromMs && answer.beganMs <= toMs);
  const unexcused = evidence.answers.filter((answer) => isFailed(answer) && !isExcused(answer));
  const versions = [...Map.groupBy(unexcused, ({ status, version }) => `${status} by ${version ?? "nobody"}`)].map(
    ([what, failed]) => `${failed.length} times ${what}, first at ${new Date(failed[0]?.beganMs ?? 0).toISOString()}`,
  );
  return [
    ...(unexcused.length === 0 ? [] : [`requests failed and nothing excuses it: ${versions.join(", ")}`]),
    ...(evidence.kind.strategy === "recreate" ? judgeWrites(evidence) : judgeSharedWrites(evidence)),
  ];
}

export function countLost(evidence: Evidence): Lost {
  const failed = evidence.answers.filter(isFailed);
  const byVersions = failed.filter((answer) => isByVersion(answer, evidence)).length;
  return { byVersions, withProcesses: failed.length - byVersions };
}

const isFailed = ({ status }: Answer) => status < 200 || status > 299;

function isByVersion({ status, version }: Answer, { misbehaving }: Evidence): boolean {
  return status === 500 && version !== null && misbehaving.has(version);
}

interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

/** How long an agent may take to be started again while another version beside it answers its share of the callers. */
const BACK_WITHIN_MS = 3_000;

/**
 * A daemon's death excuses nothing, however it came about. Any other kill does, from then until a request that began later was answered;
 * but in a trial an answer may be that of the other version, and says nothing about the one that died.
 */
function listOutages({ kills, answers, kind }: Evidence): Outage[] {
  const good = answers.filter((answer) => !isFailed(answer));
  return kills
    .filter(({ who }) => who !== "daemon" && who !== "fault")
    .map(({ who, atMs }) => {
      const leastMs = kind.strategy === "blue-green" && kind.hasTrial && (who === "agent" || who === "all") ? atMs + BACK_WITHIN_MS : 0;
      const later = good.filter(({ beganMs }) => beganMs > atMs + KILL_NOTED_AHEAD_MS);
      return {
        fromMs: atMs,
        toMs: Math.max(
          leastMs,
          later.reduce((least, { endedMs }) => Math.min(least, endedMs), Number.POSITIVE_INFINITY),
        ),
      };
    });
}

/**
 * Every acknowledged write is in the state. Where a state went back, what a version wrote that is gone again may be in what was put
 * aside instead. In one state no number stands twice.
 */
function judgeWrites({ answers, written, aside, journals }: Evidence): string[] {
  const problems: string[] = [];
  const rolledBack = new Set(journals.filter((journal) => outcomeOf(journal) === "rolled-back").map(versionOf));
  const state = new Set(written);
  const asides = aside.map((lines) => new Set(lines));
  const acknowledged = answers.filter(({ status }) => status === 201);
  for (const { number, text, version } of acknowledged) {
    const line = `${number} ${text}`;
    if (state.has(line)) continue;
    const isAside = asides.some((lines) => lines.has(line));
    if (!isAside) problems.push(`write ${line}, acknowledged by ${version}, is lost`);
    else if (version === null || !rolledBack.has(version)) problems.push(`write ${line}, acknowledged by ${version}, is only in a state that was put aside`);
  }
  for (const lines of [written, ...aside]) {
    const numbers = lines.map((line) => Number.parseInt(line, 10));
    if (numbers.some((number, index) => number !== index + 1)) problems.push("the numbers in a state are not 1, 2, 3 …");
  }
  const twice = [
    ...Map.groupBy(
      acknowledged.filter(({ number, text }) => state.has(`${number} ${text}`)),
      ({ number }) => number,
    ).values(),
  ].filter((same) => same.length > 1);
  if (twice.length > 0) problems.push(`${twice.length} numbers were given to two writes`);
  return problems.slice(0, 10);
}

/** Of a state that two may write: every acknowledged write is in it, and none stands there twice. */
function judgeSharedWrites({ answers, written }: Evidence): string[] {
  const state = new Set(written);
  const lost = answers.filter(({ status, text }) => status === 201 && !state.has(String(text)));
  const twice = written.length - state.size;
  return [
    ...lost.map(({ text, version }) => `write ${text}, acknowledged by ${version}, is lost`).slice(0, 10),
    ...(twice === 0 ? [] : [`${twice} writes stand twice in the state`]),
  ];
}

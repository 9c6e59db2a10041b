import type { RehearsalFinding } from "@instar/protocol";
import { judgeAnswer } from "../platform/judge-answer.ts";
import { quoteText } from "../platform/plain-text.ts";
import type { Settings } from "../settings/settings.ts";
import { ANSWER_WITHIN_MS, type RehearsedPair } from "./ask-both.ts";
import { makeFinding } from "./compare-shown.ts";
import { explainEnd, type GuardedAgent, type RehearsalTime } from "./guard-agent.ts";
import { parseThings, type Things } from "./parse-things.ts";

type ThingsSettings = Settings["rehearsal"]["things"][number];

const RUN_WITHIN_MS = 60_000;
const NAMED_AT_MOST = 10;

/** Plugins, jobs, channels: none of those that the old version has may be missing in the new one. */
export async function askThings(pair: RehearsedPair, settings: Settings["rehearsal"]["things"], time: RehearsalTime): Promise<RehearsalFinding[]> {
  const findings: RehearsalFinding[] = [];
  for (const things of settings) {
    const ended = explainEnd(time);
    if (ended !== undefined) findings.push(makeFinding(`things ${things.name}`, "nodata", `not asked: ${ended}`));
    else {
      const its = await readThings(pair.new, things);
      findings.push(compareThings(things.name, pair.old === undefined ? undefined : await readThings(pair.old, things), its));
    }
  }
  return findings;
}

/**
 * What is missing in the new version. Pure. What could not be asked of the old version leaves nothing to compare with (`nodata`); what could not be
 * asked of the new one alone is a failure.
 */
function compareThings(name: string, old: Things | undefined, its: Things): RehearsalFinding {
  const what = `things ${name}`;
  const count = (things: Things | undefined) => (things?.kind === "named" ? things.names.size : null);
  const say = (verdict: RehearsalFinding["verdict"], because: string) => makeFinding(what, verdict, because, { old: count(old), new: count(its), unit: name });
  if (old?.kind === "unreadable") return say("nodata", `the old version could not be asked for its ${name}: ${old.because}`);
  if (its.kind === "unreadable") return say("fail", `the new version could not be asked for its ${name}: ${its.because}`);
  if (old === undefined) return say("nodata", `it has ${its.names.size} ${name}; there is no old version to compare with`);
  const missing = [...old.names].filter((one) => !its.names.has(one));
  if (missing.length > 0)
    return say(
      "fail",
      `of the old version's ${old.names.size} ${name} ${missing.length === 1 ? "one is" : `${missing.length} are`} missing: ${renderNames(missing)}`,
    );
  const added = [...its.names].filter((one) => !old.names.has(one));
  return say("pass", `all ${old.names.size} ${name} are there${added.length === 0 ? "" : `, and ${added.length} more: ${renderNames(added)}`}`);
}

function renderNames(names: readonly string[]): string {
  const shown = names.slice(0, NAMED_AT_MOST).map((name) => quoteText(name, 80));
  return names.length > shown.length ? `${shown.join(", ")} and ${names.length - shown.length} others` : shown.join(", ");
}

async function readThings(agent: GuardedAgent, things: ThingsSettings): Promise<Things> {
  const { path, run } = things;
  if (path !== undefined) {
    const answer = await agent.ask({ path, method: "GET", headers: {}, timeoutMs: ANSWER_WITHIN_MS });
    const judged = judgeAnswer(answer, { asked: `GET ${path}` });
    return answer.kind === "answered" && judged.verdict === "pass" ? parseThings(answer.body, things) : { kind: "unreadable", because: judged.because };
  }
  if (run === undefined) return { kind: "unreadable", because: "instar.yaml names neither a path nor a program for them" };
  const answer = await agent.run(run, RUN_WITHIN_MS);
  if (answer.kind === "failed") return { kind: "unreadable", because: `its program could not be run: ${answer.because}` };
  return answer.status === 0 ? parseThings(answer.output, things) : { kind: "unreadable", because: `its program exits ${answer.status}` };
}

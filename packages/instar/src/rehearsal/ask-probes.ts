import type { RehearsalFinding } from "@instar/protocol";
import { judgeAnswer } from "../platform/judge-answer.ts";
import type { Settings } from "../settings/settings.ts";
import { ANSWER_WITHIN_MS, askBoth, type RehearsedPair } from "./ask-both.ts";
import type { RehearsalTime } from "./guard-agent.ts";

/** The operator's own questions, one after the other, in the order of instar.yaml. */
export async function askProbes(pair: RehearsedPair, probes: Settings["rehearsal"]["probes"], time: RehearsalTime): Promise<RehearsalFinding[]> {
  const findings: RehearsalFinding[] = [];
  for (const { name, status, matches, json, ...question } of probes) {
    const asked = `${question.method} ${question.path}`;
    const finding = await askBoth(`probe ${name ?? asked}`, pair, time, async (agent) => {
      const answer = await agent.ask({ ...question, timeoutMs: ANSWER_WITHIN_MS });
      return { ...judgeAnswer(answer, { asked, status, matches, json }), value: answer.kind === "answered" ? answer.status : null };
    });
    findings.push(finding);
  }
  return findings;
}

import type { RehearsalFinding } from "@instar/protocol";
import { plainText } from "../platform/plain-text.ts";
import type { Settings } from "../settings/settings.ts";
import { askBoth, type RehearsedPair } from "./ask-both.ts";
import type { Shown } from "./compare-shown.ts";
import type { RehearsalTime } from "./guard-agent.ts";
import type { RunAnswer } from "./rehearsed-agent.ts";

/** The operator's own programs beside each version; only exit status 0 passes. */
export async function runCommands(pair: RehearsedPair, commands: Settings["rehearsal"]["commands"], time: RehearsalTime): Promise<RehearsalFinding[]> {
  const findings: RehearsalFinding[] = [];
  for (const { name, run, within } of commands)
    findings.push(await askBoth(`command ${name}`, pair, time, async (agent) => describeRun(await agent.run(run, within))));
  return findings;
}

function describeRun(answer: RunAnswer): Shown {
  if (answer.kind === "failed") return { verdict: "error", because: `it could not be run: ${answer.because}`, value: null };
  if (answer.status === 0) return { verdict: "pass", because: "it exits 0", value: 0 };
  const words = pickLastWords(answer.output);
  return { verdict: "fail", because: `it exits ${answer.status}${words === "" ? "" : `: ${words}`}`, value: answer.status };
}

function pickLastWords(output: string): string {
  const lines = output.slice(-4_096).split("\n");
  const last = lines
    .flatMap((line) => (line.trim() === "" ? [] : [line.trim()]))
    .slice(-3)
    .join(" | ");
  return plainText(last, 300);
}

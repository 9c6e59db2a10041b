import type { HealthCheckResult } from "@instar/protocol";
import { plainText } from "../../platform/plain-text.ts";
import type { Command, Settings } from "../../settings/settings.ts";

export type HealthCommandAnswer =
  | { readonly kind: "exited"; readonly status: number; readonly output: string }
  | { readonly kind: "timed-out" }
  | { readonly kind: "failed"; readonly because: string };

/** Runs a program as the health command runs: with the agent's environment and the serving version's {port}, {state} and {release}. */
export type RunHealthCommand = (command: Command, withinMs: number, name: string) => Promise<HealthCommandAnswer>;

/** The operator's own checks, one after the other. Only exit status 0 passes; one that does not end in time fails, since nobody knows what it found. */
export async function runHealthCommands(
  when: "before" | "after",
  health: Pick<Settings["health"], "before" | "after">,
  run: RunHealthCommand,
): Promise<HealthCheckResult[]> {
  const results: HealthCheckResult[] = [];
  for (const { name, run: command, within, gate } of health[when]) {
    const answer = await run(command, within, name).catch((): HealthCommandAnswer => ({ kind: "failed", because: "it could not be started" }));
    results.push({ check: name, when, gate, ...judgeAnswer(answer, within) });
  }
  return results;
}

function judgeAnswer(answer: HealthCommandAnswer, withinMs: number): Pick<HealthCheckResult, "verdict" | "because" | "evidence"> {
  switch (answer.kind) {
    case "exited": {
      const evidence = { status: answer.status };
      if (answer.status === 0) return { verdict: "pass", because: "it exits 0", evidence };
      const words = plainText(answer.output.trimEnd().split("\n").slice(-3).join(" | "), 300);
      return { verdict: "fail", because: `it exits ${answer.status}${words === "" ? "" : `: ${words}`}`, evidence };
    }
    case "timed-out":
      return { verdict: "fail", because: `it did not end within ${Math.round(withinMs / 100) / 10} s`, evidence: {} };
    case "failed":
      return { verdict: "error", because: `it could not be run: ${answer.because}`, evidence: {} };
    default:
      return answer satisfies never;
  }
}

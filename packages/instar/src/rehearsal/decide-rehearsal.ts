import { type RehearsalFinding, type RehearsalReport, VERDICTS, type Verdict, type WayBack } from "@instar/protocol";
import type { Settings } from "../settings/settings.ts";

export type RehearsalGates = Pick<Settings["rehearsal"], "gate" | "performance" | "compareAnswers">;

export interface RehearsalDecision {
  readonly report: RehearsalReport;
  /** A sentence; null where the rehearsal lets it go on. */
  readonly refusedBecause: string | null;
}

/**
 * Whether what the rehearsal found lets the candidate go on. Pure.
 *
 * `no-worse` is refused by a `fail`: findings are comparisons, so that is what the old version can do there and the new one cannot. `required` is refused
 * by whatever is no pass. Performance refuses only beyond a limit and beyond doubt, under either: a comparison that needs more samples says so and
 * holds nobody up. The report's verdict is the worst of what may refuse; what is only reported stays in its findings.
 */
export function decideRehearsal(
  findings: readonly RehearsalFinding[],
  gates: RehearsalGates,
  back: { readonly wayBack: WayBack; readonly wayBackBecause: string },
): RehearsalDecision {
  const gating = findings.filter((finding) => gates.gate === "reported" || gateOf(finding.what, gates) !== "reported");
  const refusing = findings.filter((finding) => isRefusing(finding, gates));
  const isEmptyRefused = findings.length === 0 && gates.gate === "required";
  const verdict = gating.length === 0 ? "nodata" : gating.map((finding) => finding.verdict).reduce(worse);
  const because = renderOutcome(findings, refusing);
  return {
    report: { verdict, because, findings: [...findings], ...back },
    refusedBecause: refusing.length > 0 || isEmptyRefused ? `the rehearsal (${gates.gate}): ${because}` : null,
  };
}

const PERFORMANCE = ["latency", "throughput", "memory", "cpu", "event loop", "errors", "performance"];

type FindingGate = "reported" | "fails" | "no-pass";

function gateOf(what: string, { gate, performance, compareAnswers }: RehearsalGates): FindingGate {
  if (gate === "off" || gate === "reported") return "reported";
  if (PERFORMANCE.includes(what)) return performance === "required" ? "fails" : "reported";
  if (what === "answers" && compareAnswers !== "required") return "reported";
  return gate === "required" ? "no-pass" : "fails";
}

function isRefusing({ what, verdict }: RehearsalFinding, gates: RehearsalGates): boolean {
  switch (gateOf(what, gates)) {
    case "reported":
      return false;
    case "fails":
      return verdict === "fail";
    case "no-pass":
      return verdict !== "pass";
  }
}

const worse = (one: Verdict, other: Verdict): Verdict => (VERDICTS.indexOf(other) > VERDICTS.indexOf(one) ? other : one);

const NAMED_AT_MOST = 3;

function renderOutcome(findings: readonly RehearsalFinding[], refusing: readonly RehearsalFinding[]): string {
  if (findings.length === 0) return "nothing was asked of it";
  const passed = findings.filter(({ verdict }) => verdict === "pass").length;
  const count = `${passed} of ${findings.length} findings pass`;
  const told = refusing.length > 0 ? refusing : findings.filter(({ verdict }) => verdict !== "pass").sort(byWorst);
  const sentences = told.slice(0, NAMED_AT_MOST).map(renderFinding);
  if (told.length > sentences.length) sentences.push(`and ${told.length - sentences.length} more`);
  return refusing.length > 0 ? sentences.join("; ") : [count, ...sentences].join("; ");
}

const byWorst = (one: RehearsalFinding, other: RehearsalFinding) => VERDICTS.indexOf(other.verdict) - VERDICTS.indexOf(one.verdict);

function renderFinding({ what, verdict, because }: RehearsalFinding): string {
  return `${what}: ${verdict === "fail" ? "" : `${UNSURE[verdict]}: `}${because}`;
}

const UNSURE: Readonly<Record<Exclude<Verdict, "fail">, string>> = {
  pass: "passes",
  insufficient: "too few samples",
  nodata: "not found out",
  inconclusive: "in doubt",
  error: "could not be asked",
};

import type { RehearsalFinding, StageResult, Verdict } from "@instar/protocol";
import type { Settings } from "../../settings/settings.ts";

const PERFORMANCE = new Set(["latency", "throughput", "memory", "cpu", "event loop", "errors"]);
/** What is told beside a start and is no part of whether it works. */
const ASIDE = new Set(["answers", "way back"]);
const ORDER: readonly Verdict[] = ["pass", "nodata", "insufficient", "inconclusive", "error", "fail"];

export interface RehearsedStages {
  readonly stages: readonly StageResult[];
  /** A stage that the operator wrote down as required and that did not pass; null where there is none. */
  readonly refusedBecause: string | null;
}

/**
 * Instar's own part of two stages of the validation, as the rehearsal showed it: whether it starts and answers (smoke), and how fast and large it is
 * (performance). What the operator did not write down is measured and told, and the rehearsal's own gate decides. Pure.
 */
export function foldRehearsedStages(findings: readonly RehearsalFinding[], validation: Settings["validation"], written: ReadonlySet<string>): RehearsedStages {
  const stages = [
    fold(
      "smoke_tests",
      findings.filter(({ what }) => !PERFORMANCE.has(what) && !ASIDE.has(what)),
      validation.smoke_tests.gate,
    ),
    fold(
      "performance_tests",
      findings.filter(({ what }) => PERFORMANCE.has(what)),
      validation.performance_tests.gate,
    ),
  ];
  const refusing = stages.find(({ stage, gate, verdict }) => gate === "required" && verdict !== "pass" && written.has(`validation.${stage}`));
  return { stages, refusedBecause: refusing === undefined ? null : `${refusing.stage.replaceAll("_", " ")} (required): ${refusing.because}` };
}

function fold(stage: string, findings: readonly RehearsalFinding[], gate: StageResult["gate"]): StageResult {
  const verdict =
    findings.length === 0 ? "nodata" : findings.map((one) => one.verdict).reduce((worst, next) => (ORDER.indexOf(next) > ORDER.indexOf(worst) ? next : worst));
  const telling = findings.filter((one) => one.verdict === verdict);
  const because =
    findings.length === 0
      ? "nothing was rehearsed"
      : verdict === "pass"
        ? `${findings.length} findings pass`
        : telling.map(({ what, because: why }) => `${what}: ${why}`).join("; ");
  return { stage, verdict, gate, because, runner: "built-in", counts: null, coverage: null, failing: [], flaky: [], durationMs: 0, cached: false };
}

import type { Enforcement, SandboxAspect, SandboxName, SandboxReport, SandboxUse } from "@instar/protocol";

export interface SandboxQuestion {
  readonly wanted: "auto" | SandboxName;
  readonly platform: NodeJS.Platform;
  readonly reports: readonly SandboxReport[];
  readonly use: SandboxUse;
  readonly least: readonly SandboxAspect[];
  readonly weaker: "refused" | "allowed";
}

export type SandboxDecision =
  | { readonly kind: "use"; readonly sandbox: SandboxName; readonly missing: readonly SandboxAspect[] }
  | { readonly kind: "refused"; readonly because: string; readonly advice: string; readonly missing: readonly SandboxAspect[] };

/**
 * The sandbox for a job, or why there is none. `auto` is bubblewrap on Linux and sandbox-runtime on macOS, then the other one where that is
 * stronger; never `none`, unless the operator allowed weaker sandboxes and there is nothing else. Nothing is weakened in silence: what is missing is named.
 */
export function chooseSandbox(question: SandboxQuestion): SandboxDecision {
  const candidates = listCandidates(question)
    .flatMap((name) => question.reports.find((report) => report.name === name) ?? [])
    .filter((report) => report.available)
    .map((report) => ({ report, missing: findMissing(report, question.least) }));
  // The first that misses least: sorting keeps the order of preference among equals.
  const [best] = candidates.sort((a, b) => a.missing.length - b.missing.length);
  if (best === undefined) return refuse(question, question.least);
  if (best.missing.length > 0 && question.weaker === "refused") return refuse(question, best.missing, best.report);
  return { kind: "use", sandbox: best.report.name, missing: best.missing };
}

function listCandidates({ wanted, platform, weaker }: SandboxQuestion): SandboxName[] {
  if (wanted !== "auto") return [wanted];
  const real: SandboxName[] = platform === "linux" ? ["bubblewrap", "sandbox-runtime"] : ["sandbox-runtime"];
  return weaker === "allowed" ? [...real, "none"] : real;
}

function findMissing(report: SandboxReport, least: readonly SandboxAspect[]): SandboxAspect[] {
  return least.filter((aspect) => !report.aspects.some((found) => found.aspect === aspect && isEnough(found)));
}

/**
 * "Partly" is not enough for what keeps a secret: one hole is as good as none. Memory and processes are limits, and a watchdog that sees the excess a
 * tenth of a second late has still ended the job: in between, the kernel prefers the job (oom_score_adj 1000) to the agent. That holds only
 * where no process can leave the watched tree, which a watchdog of another kind does not claim: it says "no".
 */
function isEnough({ aspect, enforced }: Enforcement): boolean {
  return enforced === "yes" || (enforced === "partly" && (aspect === "memory" || aspect === "processes"));
}

function refuse({ wanted, reports, use }: SandboxQuestion, missing: readonly SandboxAspect[], report?: SandboxReport): SandboxDecision {
  const tried = report ?? reports.find(({ name }) => name === wanted) ?? reports.find(({ name }) => name !== "none");
  const reasons =
    report === undefined
      ? [tried === undefined ? "there is no sandbox here" : `${tried.name} cannot be used: ${tried.because}`]
      : missing.map((aspect) => `${aspect}: ${report.aspects.find((found) => found.aspect === aspect)?.because ?? "nothing is known of it"}`);
  const how = report === undefined ? [tried?.advice ?? ""] : missing.map((aspect) => report.aspects.find((found) => found.aspect === aspect)?.advice ?? "");
  return {
    kind: "refused",
    missing,
    because: `${report?.name ?? "no sandbox"} does not enforce ${missing.join(", ") || "anything"}, which a job for ${use} needs at least (${reasons.join("; ")})`,
    advice: [
      ...new Set(how.filter((text) => text !== "")),
      "Or say sandbox.weaker: allowed in instar.yaml: the update and the ledger then carry what was missing.",
    ].join(" "),
  };
}

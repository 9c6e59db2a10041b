import type { RehearsalFinding, Verdict } from "@instar/protocol";

/** What one version showed when it was asked for something. */
export interface Shown {
  readonly verdict: Verdict;
  readonly because: string;
  readonly value: string | number | null;
}

/**
 * One thing that both versions were asked for, as a finding. Pure. The new version fails where the old one passes and it does not, and where
 * nobody is there to compare it with; silence where the old version answers is a failure too. What the old version fails as well is
 * `inconclusive`: it says something about the question, and nothing about the change.
 *
 * @param old undefined where there is no old version, or it was not asked
 */
export function compareShown(what: string, shown: { readonly old: Shown | undefined; readonly new: Shown }): RehearsalFinding {
  const { verdict, because } = decideShown(shown.old, shown.new);
  return makeFinding(what, verdict, because, { old: shown.old?.value ?? null, new: shown.new.value });
}

function decideShown(old: Shown | undefined, its: Shown): { verdict: Verdict; because: string } {
  if (its.verdict === "pass") return { verdict: "pass", because: its.because };
  const isFailing = its.verdict === "fail";
  if (old === undefined) return { verdict: its.verdict, because: its.because };
  if (old.verdict === "pass") return { verdict: "fail", because: `${its.because}; the old version passes: ${old.because}` };
  return { verdict: isFailing ? "inconclusive" : its.verdict, because: `${its.because}; the old version does no better: ${old.because}` };
}

/** A finding with nothing measured in it but what is given. */
export function makeFinding(
  what: string,
  verdict: Verdict,
  because: string,
  parts: Partial<Omit<RehearsalFinding, "what" | "verdict" | "because">> = {},
): RehearsalFinding {
  return { what, verdict, because, old: null, new: null, limit: null, bound: null, samples: null, unit: "", ...parts };
}

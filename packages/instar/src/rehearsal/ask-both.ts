import type { RehearsalFinding } from "@instar/protocol";
import { compareShown, makeFinding, type Shown } from "./compare-shown.ts";
import { explainEnd, type GuardedAgent, type RehearsalTime } from "./guard-agent.ts";

export interface RehearsedPair {
  /** Undefined where nothing ran before. */
  readonly old: GuardedAgent | undefined;
  readonly new: GuardedAgent;
}

/** An answer later than this is none: the same as for health checks. */
export const ANSWER_WITHIN_MS = 5_000;

/**
 * Asks the new version and then the old one for the same thing. Where the time is over before either was asked, nothing is claimed: a new version that
 * fails is not excused by an old one that nobody asked.
 */
export async function askBoth(
  what: string,
  { old, new: its }: RehearsedPair,
  time: RehearsalTime,
  ask: (agent: GuardedAgent) => Promise<Shown>,
): Promise<RehearsalFinding> {
  const tooLate = explainEnd(time);
  if (tooLate !== undefined) return makeFinding(what, "nodata", `not asked: ${tooLate}`);
  const shown = await ask(its);
  const cutShort = shown.verdict === "fail" ? undefined : explainEnd(time);
  if (cutShort !== undefined && shown.verdict !== "pass") return makeFinding(what, "nodata", `not asked to the end: ${cutShort}`);
  const isCompared = old !== undefined && explainEnd(time) === undefined;
  return compareShown(what, { old: isCompared ? await ask(old) : undefined, new: shown });
}

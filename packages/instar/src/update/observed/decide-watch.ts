import type { ErrorCode } from "@instar/protocol";
import type { ObservationVerdict } from "../../observation/judge-observation.ts";

/** What happens to a version under watch. `hold`: it is watched on, and a person is asked. */
export type WatchDecision =
  | { readonly kind: "keep"; readonly because: string }
  | { readonly kind: "go-back"; readonly code: ErrorCode; readonly because: string }
  | { readonly kind: "hold"; readonly because: string }
  | { readonly kind: "watch"; readonly because: string };

export interface WatchFacts {
  readonly nowTickMs: number;
  /** Instance time from which on requests reach it. */
  readonly servedAtTickMs: number;
  /** Null where nobody need confirm it. */
  readonly confirmWithinMs: number | null;
  readonly confirmedAtTickMs: number | null;
  /** Since when it waits for a person, without a break. */
  readonly heldSinceTickMs: number | null;
  /** Nothing of it was recorded although it should have been long since. */
  readonly isUnseen: boolean;
  readonly onBlind: "hold" | "roll-back";
}

const ANSWERS = "`instar update confirm` goes on with it, `instar update cancel` puts the old version back";

/**
 * From a verdict to what is done. Pure. Only the word of a person confirms, and only within instance time: a clock that jumps does neither. Confirming skips nothing of the window.
 */
export function decideWatch(judged: ObservationVerdict, facts: WatchFacts): WatchDecision {
  const { confirmedAtTickMs, heldSinceTickMs } = facts;
  const goBack = (code: ErrorCode, because: string): WatchDecision => ({ kind: "go-back", code, because });
  if (judged.action === "roll-back" || (judged.action === "blind" && facts.onBlind === "roll-back")) return goBack("MISBEHAVED", judged.because);
  const confirmation = judgeConfirmation(facts);
  if (confirmation.kind === "late") return goBack("NOT_CONFIRMED", confirmation.because);

  if (facts.isUnseen && judged.action === "watch") return { kind: "hold", because: `it cannot be judged: nothing of it is recorded. ${ANSWERS}` };
  const isAnswered = confirmedAtTickMs !== null && heldSinceTickMs !== null && confirmedAtTickMs >= heldSinceTickMs;
  const isTimeOver = judged.window.countedMs >= judged.window.neededMs;
  switch (judged.action) {
    case "keep":
      return confirmation.kind === "open" ? { kind: "hold", because: `${judged.because}; ${confirmation.because}` } : { kind: "keep", because: judged.because };
    case "pause":
    case "blind":
      if (!isAnswered) return { kind: "hold", because: `${judged.because}. ${ANSWERS}` };
      // Alarms that are known no longer pause; what is left is that it was not measured enough, and a person answers for that.
      if (isTimeOver) return { kind: "keep", because: `a person keeps it unverified: ${judged.because}` };
      return { kind: "watch", because: `a person goes on with it: ${judged.because}` };
    case "watch":
      return { kind: "watch", because: confirmation.kind === "open" ? `${judged.because}; ${confirmation.because}` : judged.because };
    default:
      return judged.action satisfies never;
  }
}

type Confirmation = { readonly kind: "needless" } | { readonly kind: "open" | "late"; readonly because: string };

function judgeConfirmation({ nowTickMs, servedAtTickMs, confirmWithinMs, confirmedAtTickMs }: WatchFacts): Confirmation {
  if (confirmWithinMs === null || (confirmedAtTickMs !== null && confirmedAtTickMs <= servedAtTickMs + confirmWithinMs)) return { kind: "needless" };
  const leftMs = servedAtTickMs + confirmWithinMs - nowTickMs;
  if (leftMs <= 0) return { kind: "late", because: `nobody confirmed it within ${sayTime(confirmWithinMs)} of the exchange` };
  return { kind: "open", because: `the old version comes back in ${sayTime(leftMs)} unless \`instar update confirm\` keeps it` };
}

function sayTime(ms: number): string {
  if (ms < 120_000) return `${Math.ceil(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${Math.ceil(ms / 60_000)} min` : `${Math.round(ms / 360_000) / 10} h`;
}

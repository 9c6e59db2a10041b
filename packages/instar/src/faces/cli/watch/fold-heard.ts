import { planRollback } from "./plan-command.ts";
import type { Answer, Heard, Reading, Traffic, WatchState } from "./watch-state.ts";

/** A daemon that says nothing for so long is taken for one that is away. */
const MOST_SILENCE_MS = 5_000;

/** What is shown, once something was heard or was not. The last answer stands until there is a newer one. */
export function foldHeard(state: WatchState, heard: Heard, nowMs: number): WatchState {
  switch (heard.kind) {
    case "reading":
      return {
        ...state,
        ...lookAtChosen(state, heard.reading),
        log: heard.log,
        traffic: foldTraffic(state.traffic, heard.reading, nowMs),
        heardAtMs: nowMs,
        away: null,
      };
    case "disk":
      return { ...state, ...lookAtChosen(state, heard.reading), away: state.away ?? { sinceMs: nowMs, because: heard.because } };
    case "silence":
      return { ...state, traffic: null, away: state.away ?? { sinceMs: state.heardAtMs, because: heard.because } };
    default:
      return heard satisfies never;
  }
}

/** Meanwhile another one may have been chosen than was asked for: that one is shown, as far as it is known. */
function lookAtChosen({ chosen, reading: before }: WatchState, reading: Reading): Pick<WatchState, "reading" | "chosen"> {
  if (chosen === null) return { reading: { ...reading, update: reading.status.update }, chosen };
  // From the command line it came with its first letters alone.
  if (reading.update?.id.startsWith(chosen)) return { reading, chosen: reading.update.id };
  return { reading: { ...reading, update: reading.updates.find(({ id }) => id === chosen) ?? before?.update ?? null }, chosen };
}

/** Counts go back to nothing where a keeper was started anew: then the pace is not known. */
function foldTraffic(before: Traffic | null, { status: { front } }: Reading, atMs: number): Traffic | null {
  if (front === null) return null;
  const { requests, failed } = front;
  const tookMs = before === null ? 0 : atMs - before.atMs;
  if (before === null || tookMs <= 0 || requests < before.requests || failed < before.failed)
    return { requests, failed, atMs, perSecond: null, failedPerSecond: null };
  return { requests, failed, atMs, perSecond: ((requests - before.requests) * 1_000) / tookMs, failedPerSecond: ((failed - before.failed) * 1_000) / tookMs };
}

/** Since when nothing was heard: of a daemon that is gone, or of one that does not answer. */
export function staleSince({ away, heardAtMs }: WatchState, nowMs: number): { sinceMs: number; because: string } | null {
  if (away !== null) return away;
  if (nowMs - heardAtMs > MOST_SILENCE_MS) return { sinceMs: heardAtMs, because: "the daemon does not answer" };
  return null;
}

/** What was asked for from the keyboard is answered. An answer that nobody waits for any more changes nothing. */
export function foldAnswer(state: WatchState, answer: Answer): WatchState {
  if ("failed" in answer) return answer.to === "read-details" ? closeDetails(state, answer.failed) : { ...state, question: null, said: bad(answer.failed) };
  switch (answer.to) {
    case "plan-rollback": {
      if (state.question?.stage !== "plan") return state;
      const planned = planRollback(answer.plan);
      if (planned.kind === "impossible") return { ...state, question: null, said: bad(planned.because) };
      return { ...state, question: { stage: "sure", command: planned.command, why: "", typed: "" } };
    }
    case "read-details":
      return state.pane.kind === "details" && state.pane.update === answer.update ? { ...state, pane: { ...state.pane, lines: answer.lines } } : state;
    case "send":
      return { ...state, question: null, said: { tone: "good", text: answer.text } };
    default:
      return answer satisfies never;
  }
}

const bad = (text: string) => ({ tone: "bad" as const, text });

const closeDetails = (state: WatchState, because: string): WatchState =>
  state.pane.kind === "details" ? { ...state, pane: { kind: "live" }, said: bad(because) } : state;

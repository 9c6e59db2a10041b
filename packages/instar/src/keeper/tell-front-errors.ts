import type { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";

/** The first of a kind is told at once, the rest of its kind at most so often, with their number: a log must not fill while an agent is ill. */
const TELL_EVERY_MS = 10_000;

/** Gives what a front calls with each error: it says why requests failed, in the keeper's log. */
export function createErrorTeller(clock: Clock, say: (line: string) => void): (error: InstarError) => void {
  const kinds = new Map<string, { toldMs: number; untold: number }>();
  return (error) => {
    const why = error.cause instanceof Error ? error.cause.message : "";
    const line = `${error.message}${why === "" ? "" : `: ${why}`}${typeof error.facts.slot === "string" ? ` (slot ${error.facts.slot}, release ${String(error.facts.release)})` : ""}`;
    const known = kinds.get(line);
    const nowMs = clock.monotonicMs();
    if (known !== undefined && nowMs - known.toldMs < TELL_EVERY_MS) {
      known.untold += 1;
      return;
    }
    for (const [kind, { toldMs, untold }] of kinds) if (untold === 0 && nowMs - toldMs >= TELL_EVERY_MS) kinds.delete(kind);
    kinds.set(line, { toldMs: nowMs, untold: 0 });
    say(known === undefined || known.untold === 0 ? line : `${line}; ${known.untold} more like it before`);
  };
}

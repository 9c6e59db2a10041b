import { transact } from "../database/open-database.ts";
import type { Instance } from "./instance.ts";
import { aboutOf, noteHappenings } from "./tell-people.ts";

/** The newest wall time that was seen, in ms. */
const FACT = "wallSeen";
/** A clock that is set right by the network steps by less. */
const TOLERATED_MS = 60_000;

/** By how much the wall clock has gone back; null where it has not, or by no more than clocks are corrected by. Pure. */
export function planClockStep(seenMs: number | undefined, nowMs: number): number | null {
  return seenMs !== undefined && nowMs < seenMs - TOLERATED_MS ? seenMs - nowMs : null;
}

/**
 * Tells the ledger and people once that the clock was set back: the times of entries run backwards from there, and what expires by the wall clock (tokens,
 * approvals, certificates) counts longer. Windows of observation and whatever else is decided hang on the instance's own time, which does not notice. Looked at
 * at each start and while the daemon lives, so that one that was set back meanwhile is seen too.
 */
export function noteClock(instance: Instance, say: (line: string) => void): void {
  const nowMs = instance.rooms.clock.wallMs();
  const seenMs = instance.facts.read<number>(FACT);
  const backMs = planClockStep(seenMs, nowMs);
  if (seenMs !== undefined && backMs === null && nowMs - seenMs < TOLERATED_MS) return;
  transact(instance.database, () => {
    instance.facts.write(FACT, nowMs);
    if (backMs === null || seenMs === undefined) return;
    const was = new Date(seenMs).toISOString();
    const summary = `the machine's clock was set back by ${renderSpan(backMs)}: it had been ${was}. Times in the ledger run backwards from here, and tokens and approvals count that much longer`;
    instance.ledger.append({
      event: "CLOCK_SET_BACK",
      actor: { type: "system", id: "daemon" },
      description: summary,
      success: false,
      details: { was, is: new Date(nowMs).toISOString() },
    });
    noteHappenings(instance, [
      {
        occasion: "ledger",
        key: `clock ${was}`,
        summary,
        update: null,
        versionFrom: null,
        versionTo: null,
        advice: "timedatectl status; instar token list",
        ...aboutOf(instance),
      },
    ]);
    say(summary);
  });
}

function renderSpan(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1_440)} days`;
}

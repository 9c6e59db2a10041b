import { foldBucket } from "../../observation/fold-observation.ts";
import { judgeObservation, type ObservationVerdict } from "../../observation/judge-observation.ts";
import { BUCKET_MS } from "../../observation/metrics-bucket.ts";
import type { ObservationState } from "../../observation/observation-state.ts";
import { decideClose } from "../observed/decide-close.ts";
import { decideWatch } from "../observed/decide-watch.ts";
import { noteObservation, parseObservationNote, stateOf } from "../observed/observation-note.ts";
import type { PinnedWatch } from "../observed/pinned-watch.ts";
import type { StepContext, StepResult } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";

/** How often the version is looked at within a look. A process that is gone and a flood of errors are noticed this late, and judged a second after. */
const POLL_MS = 250;
/** The version is seen within seconds of the exchange, wherever requests reach it. */
const UNSEEN_MS = 60_000;

type Observed =
  | { readonly kind: "passed"; readonly because: string; readonly state: ObservationState; readonly noted: ReturnType<typeof noteObservation> }
  | StepResult;

/**
 * One look at a version in service: until it is judged, or long enough to be journalled with all that was seen so far. What is judged is on disk first, as buckets; so a daemon that is
 * killed anywhere here goes on with the same state, and anybody can compute each verdict again.
 */
export async function observe(rooms: StepRooms, context: StepContext, pinned: PinnedWatch): Promise<Observed> {
  const { clock, observer } = rooms;
  const { plan, servedAtTickMs } = pinned;
  const { release } = plan.limits;
  const word = { confirmedAtTickMs: context.confirmedAtTickMs };
  const startedMs = clock.monotonicMs();
  const lookMs = planLookMs(context.tickMs() - servedAtTickMs);
  let state = stateOf(context.noted);
  let heldSinceTickMs = parseObservationNote(context.noted)?.heldSinceTickMs ?? null;
  const wasHeld = heldSinceTickMs !== null;
  let closedMs = startedMs;
  for (;;) {
    context.signal.throwIfAborted();
    const glimpse = await observer.look(release);
    if (decideClose(glimpse, state, plan.limits, clock.monotonicMs() - closedMs)) {
      closedMs = clock.monotonicMs();
      if ((await observer.close()) === "unrecorded") context.say("the disk is full, so what is seen cannot be recorded, and nothing is judged");
    }
    const tickMs = Math.round(context.tickMs());
    for (const bucket of observer.record.read(release, state.lastTickMs ?? servedAtTickMs, tickMs)) state = foldBucket(state, bucket, plan);
    const judged = judgeObservation(state, plan, tickMs, word);
    const decision = decideWatch(judged, {
      ...pinned,
      ...word,
      nowTickMs: tickMs,
      heldSinceTickMs,
      isUnseen: state.lastTickMs === null && tickMs - servedAtTickMs >= UNSEEN_MS,
    });
    // Until what asks for a person is over: the word of one answers for all of it.
    const isAsking = decision.kind === "hold" || judged.action === "pause" || judged.action === "blind";
    heldSinceTickMs = isAsking ? (heldSinceTickMs ?? tickMs) : null;
    context.say(decision.because);
    const look = { tickMs, state, word, heldSinceTickMs };
    if (decision.kind === "go-back") return { kind: "refused", code: decision.code, because: decision.because, evidence: noteLook(judged, look) };
    if (decision.kind === "keep") return { kind: "passed", because: decision.because, state, noted: noteLook(judged, look) };
    if (clock.monotonicMs() - startedMs >= lookMs || isAsking !== wasHeld)
      return {
        kind: "waiting",
        waitsFor: decision.kind === "hold" ? "operator" : "observation",
        forMs: 0,
        because: decision.because,
        noted: noteLook(judged, look),
      };
    await clock.sleep(POLL_MS, context.signal);
  }
}

/**
 * How long until the next look is journalled: a tenth of the time since it serves, from a second to an hour. What is seen meanwhile is recorded every few seconds, so a crash loses
 * none of it; and every journal is read often, so a watch of days must not fill it. That it begins to wait for a person, or no longer does, is journalled at once.
 */
function planLookMs(servedMs: number): number {
  return Math.min(Math.max(servedMs / 10, 1_000), 3_600_000);
}

function noteLook(
  judged: ObservationVerdict,
  look: { tickMs: number; state: ObservationState; word: { confirmedAtTickMs: number | null }; heldSinceTickMs: number | null },
): ReturnType<typeof noteObservation> {
  const { verdict, action, because, findings, window, nextLookMs } = judged;
  const { state } = look;
  return noteObservation({ ...look, foldedTickMs: state.lastTickMs, verdict, action, because, findings, window, nextLookMs: Math.min(nextLookMs, BUCKET_MS) });
}

import type { Clock } from "../../platform/clock.ts";
import type { FrontCounts } from "./front-counts.ts";
import type { Refusal } from "./plan-refusal.ts";

/** How much may wait: beyond any of the three a request is answered 503 with Retry-After. */
export interface HoldLimits {
  readonly requests: number;
  /** Of bodies that are still to come: the declared length, or for chunks what the socket buffers of them. */
  readonly bytes: number;
  readonly timeMs: number;
}

/** A request at the door. Exactly one of the two is called, unless it leaves first. */
export interface Waiter {
  readonly sizeBytes: number;
  go(): void;
  refuse(refusal: Refusal): void;
}

export interface HoldQueue {
  hold(): void;
  /** Lets everyone in, in the order in which they came, as many at a time as keep nobody else waiting. */
  release(): void;
  isHolding(): boolean;
  /** Nobody is before a newcomer: no hold, and everyone of the last one is in. Otherwise the newcomer has to join, or would overtake. */
  isFree(): boolean;
  /** Puts a request in line, or refuses it at once where the hold is full. The function that comes back takes it out again, because its client is gone; it says whether it was there. */
  join(waiter: Waiter): () => boolean;
  waiting(): { requests: number; bytes: number };
  /** Refuses everyone in line. For the end of the front, when nobody will release them. */
  refuseAll(): void;
}

/**
 * The line before the door while an exchange is under way. Nothing of a body is read here: a socket buffers a little and then
 * stands still, so that a hold costs the same memory whatever its clients upload.
 */
export function createHoldQueue(limits: HoldLimits, clock: Clock, counts: FrontCounts): HoldQueue {
  const line = new Set<Place>();
  let isHolding = false;
  let bytes = 0;

  let isLettingIn = false;

  const leave = (place: Place): boolean => {
    if (!line.delete(place)) return false;
    bytes -= place.waiter.sizeBytes;
    place.patience.abort();
    counts.heldMaxMs = Math.max(counts.heldMaxMs, Math.round(clock.monotonicMs() - place.sinceMs));
    return true;
  };
  const refuse = (place: Place, because: string) => {
    if (!leave(place)) return;
    counts.refusedByHold += 1;
    place.waiter.refuse({ ...EXCHANGING, because });
  };

  const letIn = () => {
    let left = AT_A_TIME;
    for (const place of line) {
      if (isHolding || left === 0) break;
      left -= 1;
      if (leave(place)) place.waiter.go();
    }
    isLettingIn = !isHolding && line.size > 0;
    if (isLettingIn) setImmediate(letIn); // After whatever else has happened meanwhile, such as the answers to the first.
  };

  return {
    hold() {
      isHolding = true;
    },
    release() {
      isHolding = false;
      if (!isLettingIn) letIn();
    },
    isHolding: () => isHolding,
    isFree: () => !isHolding && line.size === 0,
    join(waiter) {
      // Whoever comes while others are let in is in a moment later; no hold, no limit.
      const isFull = isHolding && (line.size + 1 > limits.requests || bytes + waiter.sizeBytes > limits.bytes);
      if (isFull) {
        counts.refusedByHold += 1;
        waiter.refuse({ ...EXCHANGING, because: "The agent is being exchanged, and as many requests wait for it as may wait." });
        return () => false;
      }
      const place: Place = { waiter, sinceMs: clock.monotonicMs(), patience: new AbortController() };
      line.add(place);
      bytes += waiter.sizeBytes;
      if (isHolding) counts.held += 1;
      clock.sleep(limits.timeMs, place.patience.signal).then(
        () => refuse(place, "The agent is being exchanged, and that takes longer than a request may wait."),
        () => {}, // It left the line first.
      );
      return () => leave(place);
    },
    waiting: () => ({ requests: line.size, bytes }),
    refuseAll() {
      for (const place of [...line]) refuse(place, "This server is stopping.");
    },
  };
}

/** To forward one costs about a tenth of a millisecond. */
const AT_A_TIME = 64;

interface Place {
  readonly waiter: Waiter;
  readonly sinceMs: number;
  readonly patience: AbortController;
}

const EXCHANGING = { status: 503, retryAfterS: 1 };

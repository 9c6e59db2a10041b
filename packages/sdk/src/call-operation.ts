import { InstarCallError } from "./call-error.ts";
import { type Asked, type Judged, judgeReply } from "./judge-reply.ts";
import { planRetry } from "./plan-retry.ts";
import { type DoorReading, isSameDoor, readDoor } from "./read-door.ts";
import { sendRequest } from "./send-request.ts";
import { pause } from "./surroundings.ts";

export interface CallOptions {
  /** Ends the call: it rejects with `aborted`. */
  readonly signal?: AbortSignal;
  /** How long it may take, the daemon's absence included. */
  readonly withinMs?: number;
}

export interface Place {
  /** The door file; null where this process was told of none. */
  readonly door: string | null;
  /** How long a daemon that is away is waited for. */
  readonly patienceMs: number;
}

export interface Question extends CallOptions {
  readonly operation: string;
  readonly kind: "query" | "command";
  /** A command of which twice is the same as once; queries are. */
  readonly isIdempotent?: boolean;
  readonly input?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  /** False: it does not keep the process alive. */
  readonly holds?: boolean;
}

type Trouble = Extract<Judged, { kind: "unauthorized" | "strange" | "unreached" | "lost" }> | { readonly kind: "no-door"; readonly because: string };

const QUERY_WITHIN_MS = 30_000;
const COMMAND_WITHIN_MS = 120_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** A daemon that starts has written its door long before. */
const DOOR_PATIENCE_MS = 10_000;

/**
 * Asks or tells the daemon one thing. A daemon that is away is waited for, and found again at its new port: the door file is read before each attempt.
 *
 * @returns what it answered, not looked at
 * @throws InstarCallError
 */
export async function callOperation(place: Place, question: Question): Promise<unknown> {
  const {
    operation,
    kind,
    isIdempotent = kind === "query",
    signal,
    withinMs = kind === "query" ? QUERY_WITHIN_MS : COMMAND_WITHIN_MS,
    holds = true,
  } = question;
  if (place.door === null)
    throw new InstarCallError("no-door", "INSTAR_DOOR is not set: this process does not run under Instar, or instar.yaml has no section `self`", { operation });
  const asked = routeOf(question);
  const over = new AbortController();
  const stop = () => over.abort();
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted === true) stop();
  void pause(withinMs, { signal: over.signal, holds }).then(stop);
  const awaySinceMs = performance.now();
  let losses = 0;
  let pauseMs = FIRST_PAUSE_MS;
  let trouble: Trouble | undefined;
  try {
    for (;;) {
      const door = await readDoor(place.door);
      const judged = await attempt(door, asked, { signal: over.signal, holds });
      if (judged.kind === "answer") return judged.value;
      if (judged.kind === "error") throw judged.error;
      if (judged.kind === "ended") throw describeEnd(operation, { isAborted: signal?.aborted === true, isUnknown: judged.wasSent && !isIdempotent, trouble });
      trouble = judged;
      if (trouble.kind === "lost") losses += 1;
      const retry = planRetry({ kind: trouble.kind, isRepeatable: isIdempotent, losses });
      const patienceMs = retry === "at-another-door" ? Math.min(place.patienceMs, DOOR_PATIENCE_MS) : place.patienceMs;
      const leftMs = awaySinceMs + patienceMs - performance.now();
      if (retry === "give-up" || leftMs <= 0) throw describeTrouble(operation, trouble, isIdempotent);
      if (retry === "again") await pause(Math.min(pauseMs, leftMs), { signal: over.signal, holds });
      else if (!(await waitForAnother(door, place.door, { leftMs, signal: over.signal, holds })) && !over.signal.aborted)
        throw describeTrouble(operation, trouble, isIdempotent);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}

function routeOf({ operation, kind, input = {} }: Question): Asked & { readonly target: string; readonly body: string | null } {
  const path = `/v1/${operation.replaceAll(".", "/")}`;
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  if (kind === "command") return { operation, method: "POST", path, target: path, body: JSON.stringify(Object.fromEntries(given)) };
  const query = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return { operation, method: "GET", path, target: query === "" ? path : `${path}?${query}`, body: null };
}

async function attempt(
  reading: DoorReading,
  asked: ReturnType<typeof routeOf>,
  how: { readonly signal: AbortSignal; readonly holds: boolean },
): Promise<Judged | Trouble> {
  if (how.signal.aborted) return { kind: "ended", wasSent: false };
  if (reading.kind === "none") return { kind: "no-door", because: reading.because };
  return judgeReply(await sendRequest(reading.door, { method: asked.method, path: asked.target, body: asked.body, ...how }), asked);
}

/** Looks at the door file until it says something else. @returns false where it did not in time */
async function waitForAnother(known: DoorReading, path: string, how: { readonly leftMs: number; readonly signal: AbortSignal; readonly holds: boolean }) {
  const untilMs = performance.now() + how.leftMs;
  for (;;) {
    if (!isSameDoor(known, await readDoor(path))) return true;
    if (performance.now() >= untilMs || !(await pause(FIRST_PAUSE_MS, how))) return false;
  }
}

function describeTrouble(operation: string, trouble: Trouble, isIdempotent: boolean): InstarCallError {
  switch (trouble.kind) {
    case "no-door":
      return new InstarCallError("no-door", trouble.because, { operation, transient: true, advice: "The daemon writes it when it starts: is Instar running?" });
    case "unreached":
      return new InstarCallError("unreachable", "Instar's daemon does not answer", { operation, transient: true });
    case "lost":
      return isIdempotent
        ? new InstarCallError("unreachable", "Instar's daemon breaks off its answer", { operation, transient: true })
        : new InstarCallError(
            "answer-lost",
            `Instar's daemon was told ${operation} and broke off its answer: whether it was done is not known`,
            LOST(operation),
          );
    case "unauthorized":
      return trouble.error;
    case "strange":
      return new InstarCallError("answer-invalid", `what answers at Instar's door ${trouble.because}`, { operation });
  }
}

function describeEnd(
  operation: string,
  { isAborted, isUnknown, trouble }: { readonly isAborted: boolean; readonly isUnknown: boolean; readonly trouble: Trouble | undefined },
): InstarCallError {
  if (isAborted) return new InstarCallError("aborted", `${operation} was ended by its caller`, { operation, facts: { mayBeDone: isUnknown } });
  if (isUnknown)
    return new InstarCallError("answer-lost", `Instar's daemon did not answer ${operation} in time: whether it was done is not known`, LOST(operation));
  if (trouble !== undefined) return describeTrouble(operation, trouble, true);
  return new InstarCallError("timed-out", `Instar's daemon did not answer ${operation} in time`, { operation, transient: true });
}

const LOST = (operation: string) => ({ operation, advice: "Look before you tell it again: `deployments()`, `why()`." });

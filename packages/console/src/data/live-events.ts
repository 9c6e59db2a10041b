import { InstarError } from "@instar/protocol";
import { after, every, nowMs } from "../platform/clock.ts";
import { createCell } from "./cell.ts";
import { createEventStreamParser, type StreamMessage } from "./parse-event-stream.ts";
import { planRetryMs } from "./plan-retry.ts";
import { loseSession, sessionHeaders } from "./session.ts";

/** Whether what the page shows is what is. */
export interface LiveState {
  readonly isStale: boolean;
  /** Since when nothing was heard, by this machine's clock; null while the stream stands. */
  readonly sinceMs: number | null;
  readonly because: string;
}

/** The daemon sends a sign of life every 15 s: two that stay out mean that nobody is there, whatever the socket says. */
const SILENT_MS = 40_000;
const LOOK_MS = 5_000;
/** A daemon that is restarted is back within this, mostly: shorter gaps are not worth a word. */
const STALE_AFTER_MS = 1_500;

export const liveState = createCell<LiveState>({ isStale: false, sinceMs: null, because: "" });

/** Reads the daemon's events for as long as it is wanted, and begins again where it was whenever the stream breaks. */
export function followEvents(hear: (message: StreamMessage) => void): () => void {
  const ending = new AbortController();
  void follow(ending.signal, hear);
  return () => ending.abort();
}

async function follow(ending: AbortSignal, hear: (message: StreamMessage) => void): Promise<void> {
  let lastId: string | null = null;
  let failures = 0;
  let wasAway = false;
  while (!ending.aborted) {
    let isOpen = false;
    try {
      await readStream(lastId, ending, (message) => {
        if (!isOpen) {
          isOpen = true;
          failures = 0;
          liveState.set({ isStale: false, sinceMs: null, because: "" });
          // What happened meanwhile and is no event of the journal would be missed.
          if (wasAway && message.event === "hello") hear({ event: "reset", data: "{}", id: null });
        }
        if (message.id !== null) lastId = message.id;
        if (message.event === "reset") lastId = null;
        hear(message);
      });
    } catch (error) {
      if (InstarError.is(error, "UNAUTHORIZED")) return loseSession("The session has ended. Sign in again to go on where you were.");
    }
    if (ending.aborted) return;
    wasAway = true;
    const sinceMs = liveState.get().sinceMs ?? nowMs();
    const isLong = nowMs() - sinceMs >= STALE_AFTER_MS;
    liveState.set({ isStale: isLong, sinceMs, because: "Instar's daemon does not answer." });
    failures += 1;
    await wait(planRetryMs(failures), ending);
  }
}

async function readStream(lastId: string | null, ending: AbortSignal, hear: (message: StreamMessage) => void): Promise<void> {
  const silence = new AbortController();
  let heardMs = nowMs();
  const stopLooking = every(LOOK_MS, () => {
    if (nowMs() - heardMs > SILENT_MS) silence.abort();
  });
  try {
    const answer = await fetch(`/v1/events${lastId === null ? "" : `?after=${encodeURIComponent(lastId)}`}`, {
      headers: { ...sessionHeaders(), accept: "text/event-stream" },
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.any([ending, silence.signal]),
    });
    if (answer.status === 401) throw new InstarError("UNAUTHORIZED", "the session has ended");
    if (!answer.ok || answer.body === null) throw new InstarError("NOT_RUNNING", `the event stream answered ${answer.status}`);
    const parse = createEventStreamParser();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heardMs = nowMs();
      for (const message of parse(value)) hear(message);
    }
  } finally {
    stopLooking();
  }
}

function wait(delayMs: number, ending: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = after(delayMs, resolve);
    ending.addEventListener(
      "abort",
      () => {
        cancel();
        resolve();
      },
      { once: true },
    );
  });
}

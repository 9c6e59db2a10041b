import { createHmac } from "node:crypto";
import type { TaskOutcome } from "./decide-task-end.ts";

export interface Post {
  readonly url: string;
  /** JSON. */
  readonly body: string;
  /** The same for the same run, so that a receiver that hears it twice can tell. */
  readonly delivery: string;
  /** Signs the body, as notifications are signed. */
  readonly secret?: string | undefined;
}

/** Whatever the other side does is a value. No redirect is followed: where this is sent is the task's word, and nobody else's. @throws the signal's reason */
export async function postJson({ url, body, delivery, secret }: Post, signal: AbortSignal): Promise<TaskOutcome> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      redirect: "manual",
      signal,
      headers: {
        "content-type": "application/json",
        "x-instar-delivery": delivery,
        ...(secret === undefined ? {} : { "x-instar-signature": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` }),
      },
    });
    await response.body?.cancel();
    return { kind: response.ok ? "done" : "failed", because: `it was answered with ${response.status}` };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "failed", because: `it could not be reached: ${wordsOf(error)}` };
  }
}

/** Of fetch's own errors the cause says more. */
function wordsOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

import type { IncomingMessage } from "node:http";
import type { Clock } from "../../platform/clock.ts";
import type { WebhookRefused } from "./answer-webhook.ts";

export interface BodyLimits {
  readonly maxBytes: number;
  readonly withinMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** `gone`: the sender hung up, and nobody waits for an answer. */
export type ReadBody = { readonly kind: "body"; readonly body: Uint8Array } | { readonly kind: "gone" } | WebhookRefused;

/** A whole body within its limits. What it says of its length is believed only where it is too much: what comes is counted. */
export function readBody(request: IncomingMessage, { maxBytes, withinMs, clock, signal }: BodyLimits): Promise<ReadBody> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve(tooLong(maxBytes));
  return new Promise((resolve) => {
    const done = new AbortController();
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const end = (read: ReadBody): void => {
      done.abort();
      request.removeAllListeners("data").pause();
      resolve(read);
    };
    request.on("data", (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) return end(tooLong(maxBytes));
      chunks.push(chunk);
    });
    request.once("end", () => end({ kind: "body", body: Buffer.concat(chunks) }));
    request.once("error", () => end({ kind: "gone" }));
    request.once("close", () => end({ kind: "gone" }));
    clock.sleep(withinMs, AbortSignal.any([done.signal, signal])).then(
      () => end({ kind: "refused", status: 408, code: "TIMED_OUT", because: `the body did not come within ${withinMs / 1_000} s` }),
      () => end({ kind: "gone" }),
    );
  });
}

const tooLong = (maxBytes: number): WebhookRefused => ({
  kind: "refused",
  status: 413,
  code: "INPUT_INVALID",
  because: `the body is longer than ${maxBytes} bytes`,
});

const SKIP_WITHIN_MS = 2_000;

/**
 * After an answer to a body that was not read to its end. Closing at once would reset the connection, and the answer with it, so what comes is thrown away
 * for a moment; then the connection is closed.
 */
export async function skipRest(request: IncomingMessage, clock: Clock, signal: AbortSignal): Promise<void> {
  if (request.complete || request.destroyed) return;
  const done = new AbortController();
  request.once("end", () => done.abort()).once("close", () => done.abort());
  request.resume();
  await clock.sleep(SKIP_WITHIN_MS, AbortSignal.any([done.signal, signal])).then(
    () => request.socket.destroy(),
    () => {},
  );
}

import type { ServerResponse } from "node:http";
import { type ErrorCode, InstarError, renderProblem } from "@instar/protocol";

export interface WebhookRefused {
  readonly kind: "refused";
  /** Of HTTP; there are more of them than our codes have, for senders that look at nothing else. */
  readonly status: number;
  readonly code: ErrorCode;
  readonly because: string;
}

/** Gives one answer, as JSON; nothing where one was given already. */
export function answer(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), "cache-control": "no-store", ...headers });
  response.end(text);
}

/** RFC 9457. */
export function answerProblem(response: ServerResponse, { status, code, because }: WebhookRefused, retryAfterMs?: number): void {
  const retryAfter = retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) };
  answer(response, status, { ...renderProblem(new InstarError(code, because)), status }, { "content-type": "application/problem+json", ...retryAfter });
}

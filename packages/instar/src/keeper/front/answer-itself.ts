import { type ServerResponse, STATUS_CODES } from "node:http";
import { isBodyDue } from "./request-body.ts";

/** What the front says in its own name. */
export interface OwnAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Further header lines, name and value in turn. */
  readonly lines?: readonly string[];
}

/**
 * Answers a request in the front's own name. Where its body is still on the way the connection ends with this answer: to
 * read a body only to throw it away could take for ever, and to leave it unread would make it the next request.
 */
export function answerItself(response: ServerResponse, answer: OwnAnswer): void {
  if (response.headersSent || response.destroyed) return;
  response.sendDate = false;
  if (isBodyDue(response.req)) response.shouldKeepAlive = false;
  response.writeHead(answer.status, reasonOf(answer.status), headerLinesOf(answer));
  response.end(answer.body);
}

export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? "Refused";
}

export function headerLinesOf({ contentType, body, lines = [] }: OwnAnswer): string[] {
  return ["Content-Type", contentType, "Content-Length", String(Buffer.byteLength(body)), "Cache-Control", "no-store", ...lines];
}

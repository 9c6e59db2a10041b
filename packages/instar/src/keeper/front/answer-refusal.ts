import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../platform/clock.ts";
import { discardRest } from "./discard-rest.ts";
import type { Refusal } from "./plan-refusal.ts";
import { isBodyDue } from "./request-body.ts";

/**
 * Answers a request in the front's own name. Where its body is still on the way the connection ends with this answer: to
 * read a body only to throw it away could take for ever, and to leave it unread would make it the next request.
 */
export function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) return;
  response.sendDate = false;
  if (isBodyDue(response.req)) response.shouldKeepAlive = false;
  const body = `${refusal.because}\n`;
  response.writeHead(refusal.status, STATUS_CODES[refusal.status] ?? "Refused", linesOf(refusal, body));
  response.end(body);
}

/** The same on a bare socket: one whose head could not be read, or which the server gave up for a change of protocols. */
export function writeRefusal(socket: Socket, refusal: Refusal, clock: Clock): void {
  const body = `${refusal.because}\n`;
  const lines = [...linesOf(refusal, body), "Connection", "close"];
  socket.end(`${renderHead(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? "Refused"}`, lines)}${body}`, "latin1");
  discardRest(socket, clock);
}

/** A head as it goes over the wire; header text is latin1, one byte a character, whatever the bytes mean. */
export function renderHead(firstLine: string, lines: readonly string[]): string {
  let head = `${firstLine}\r\n`;
  for (let at = 0; at + 1 < lines.length; at += 2) head += `${lines[at]}: ${lines[at + 1]}\r\n`;
  return `${head}\r\n`;
}

function linesOf(refusal: Refusal, body: string): string[] {
  return [
    "Content-Type",
    "text/plain; charset=utf-8",
    "Content-Length",
    String(Buffer.byteLength(body)),
    "Cache-Control",
    "no-store",
    ...(refusal.retryAfterS === undefined ? [] : ["Retry-After", String(refusal.retryAfterS)]),
  ];
}

import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../platform/clock.ts";
import { answerItself, headerLinesOf, type OwnAnswer, reasonOf } from "./answer-itself.ts";
import { discardRest } from "./discard-rest.ts";
import type { Refusal } from "./plan-refusal.ts";

/** Says why a request goes no further. */
export function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  answerItself(response, sayRefusal(refusal));
}

/** The same on a bare socket: one whose head could not be read, or which the server gave up for a change of protocols. */
export function writeRefusal(socket: Socket, refusal: Refusal, clock: Clock): void {
  const answer = sayRefusal(refusal);
  const head = renderHead(`HTTP/1.1 ${answer.status} ${reasonOf(answer.status)}`, [...headerLinesOf(answer), "Connection", "close"]);
  socket.end(`${head}${answer.body}`, "latin1");
  discardRest(socket, clock);
}

/** A head as it goes over the wire; header text is latin1, one byte a character, whatever the bytes mean. */
export function renderHead(firstLine: string, lines: readonly string[]): string {
  let head = `${firstLine}\r\n`;
  for (let at = 0; at + 1 < lines.length; at += 2) head += `${lines[at]}: ${lines[at + 1]}\r\n`;
  return `${head}\r\n`;
}

function sayRefusal({ status, because, retryAfterS, allow }: Refusal): OwnAnswer {
  return {
    status,
    contentType: "text/plain; charset=utf-8",
    body: `${because}\n`,
    lines: [...(retryAfterS === undefined ? [] : ["Retry-After", String(retryAfterS)]), ...(allow === undefined ? [] : ["Allow", allow])],
  };
}

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../platform/clock.ts";
import { answerRefusal, writeRefusal } from "./answer-refusal.ts";
import { cutConnection } from "./cut-connection.ts";
import { discardRest } from "./discard-rest.ts";
import type { Refusal } from "./plan-refusal.ts";
import { isBodyDue } from "./request-body.ts";

/** One request that a client waits for. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly spoiled: Spoiling;
}

/** Whether the rest of a request turned out to be malformed. The answer is then no longer the visit's to give. */
export interface Spoiling {
  readonly aborted: boolean;
  /** Called when it happens. Not an AbortSignal: one for each request would be among the costliest things that a request does. */
  onAbort: (() => void) | undefined;
}

/**
 * The requests of one client connection. They are served one at a time, in order: pipelined requests that ran side by side
 * would overtake each other on the way to the agent, and a write must not (RFC 9112 §9.3.2).
 */
export interface ClientLine {
  /** Calls `start` when every earlier request of this connection is answered; never, if the connection ends before. */
  join(request: IncomingMessage, response: ServerResponse, start: (visit: Visit) => void): void;
  /** Nobody waits for anything on this connection. */
  isIdle(): boolean;
  /** The connection leaves HTTP: it will never be idle again. */
  handOver(): void;
  /** Ends the connection after the answers that it still owes, or after the next one. */
  finishUp(): void;
  /** What the client sends can no longer be read: what was asked before is still answered, then the connection ends. */
  breakOff(error: Error & { code?: string }): void;
}

/** Nobody pipelines that deep; without a bound one client could fill the memory with heads. */
const PIPELINED_MAX = 256;

export function createClientLine(socket: Socket, clock: Clock): ClientLine {
  const places: Place[] = [];
  let broken: Refusal | undefined;
  let isFinishing = false;
  let isHandedOver = false;

  const startFirst = () => {
    const first = places[0];
    if (first === undefined || first.hasStarted || first.visit.response.writableEnded) return;
    first.hasStarted = true;
    first.start(first.visit);
  };
  const leave = (place: Place) => {
    places.splice(places.indexOf(place), 1);
    if (socket.destroyed || socket.writableEnded) return;
    if (places.length === 0 && broken !== undefined) writeRefusal(socket, broken, clock);
    else startFirst();
  };

  // node:http calls this after the last answer of a connection.
  const destroySoon = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    const unread = places[0]?.visit.request;
    if (unread === undefined || !isBodyDue(unread)) return destroySoon();
    socket.end();
    unread.once("end", () => socket.destroy());
    discardRest(unread, clock);
  };

  return {
    join(request, response, start) {
      if (broken !== undefined || socket.writableEnded || places.length >= PIPELINED_MAX) return void socket.destroy();
      const spoiled = { aborted: false, onAbort: undefined };
      const place: Place = { visit: { request, response, spoiled }, spoiled, start, hasStarted: false };
      places.push(place);
      if (isFinishing) response.shouldKeepAlive = false;
      response.once("close", () => leave(place));
      startFirst();
    },
    isIdle: () => places.length === 0 && !isHandedOver,
    handOver() {
      isHandedOver = true;
    },
    finishUp() {
      isFinishing = true;
      const last = places.at(-1);
      if (last !== undefined) last.visit.response.shouldKeepAlive = false;
    },
    breakOff(error) {
      if (broken !== undefined) return; // The parser complains about each packet from now on; they are read and forgotten.
      const refusal = refusalFor(error);
      if (refusal === undefined || !socket.writable) return void socket.destroy();
      broken = refusal;
      const last = places.at(-1);
      if (last !== undefined && isBodyDue(last.visit.request)) spoil(last, refusal);
      else if (last === undefined) writeRefusal(socket, refusal, clock);
    },
  };
}

interface Place {
  readonly visit: Visit;
  readonly spoiled: { aborted: boolean; onAbort: (() => void) | undefined };
  readonly start: (visit: Visit) => void;
  hasStarted: boolean;
}

/** The body of this very request went wrong. Where an answer has begun it is cut: its client must not take it for whole. One that is whole stays. */
function spoil(place: Place, refusal: Refusal): void {
  place.spoiled.aborted = true;
  place.spoiled.onAbort?.();
  const { response, request } = place.visit;
  if (response.writableEnded) return;
  if (response.headersSent) cutConnection(request.socket);
  else answerRefusal(response, refusal);
}

/** Undefined where nobody is left to be told. */
function refusalFor(error: Error & { code?: string }): Refusal | undefined {
  switch (error.code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, because: "The request's head did not arrive in time." };
    case "HPE_HEADER_OVERFLOW":
      return { status: 431, because: "The request's head is too large." };
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return { status: 413, because: "The request's chunk extensions are too large." };
    case "HPE_INVALID_EOF_STATE":
      return undefined;
    default:
      return error.code?.startsWith("HPE_") ? { status: 400, because: "The request is not well-formed HTTP." } : undefined;
  }
}

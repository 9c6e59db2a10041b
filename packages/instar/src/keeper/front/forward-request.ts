import { type ClientRequest, type IncomingMessage, request as openRequest, type ServerResponse } from "node:http";
import type { Clock } from "../../platform/clock.ts";
import { answerRefusal, renderHead } from "./answer-refusal.ts";
import type { Visit } from "./client-line.ts";
import { discardRest } from "./discard-rest.ts";
import type { CountedRequest } from "./front-counts.ts";
import type { Lane } from "./lane.ts";
import { PatientSocket } from "./patient-socket.ts";
import { planBrokenRefusal } from "./plan-refusal.ts";
import { hasBody } from "./request-body.ts";
import {
  answersExpectItself,
  canBeChunked,
  rewriteInterimHeaders,
  rewriteRequestHeaders,
  rewriteResponseHeaders,
  rewriteTrailers,
  speaksHttp11,
} from "./rewrite-headers.ts";

export interface Forwarding {
  readonly lane: Lane;
  readonly clock: Clock;
  readonly counted: CountedRequest;
  /** The agent failed this request: refused, reset, cut short or malformed. */
  onBroken(error: Error): void;
  onClientGone(): void;
  /** Nothing of the request is under way any longer, on either side. */
  onOver(): void;
}

/** A head may be as large as many cookies make it; the agent is believed more than clients are. */
const ANSWER_HEAD_MAX_BYTES = 256 * 1024;

/**
 * Hands one request to the agent and its answer back, streaming both ways, as fast as the slower side reads.
 *
 * No byte of a request is ever sent twice, with one exception: a GET or HEAD without a body whose pooled connection turns out
 * to have died before a byte of an answer came is sent once more, on a connection of its own (RFC 9112 §9.3.1). An answer that
 * breaks off is never ended cleanly: the client's connection is reset, so that half an answer cannot pass for a whole one.
 */
export function forwardRequest(visit: Visit, forwarding: Forwarding): void {
  const { request, response } = visit;
  const { lane, clock, counted } = forwarding;
  const client = request.socket;
  const headers = rewriteRequestHeaders(request, { clientAddress: client.remoteAddress ?? "unknown" });
  const startedMs = clock.monotonicMs();
  let upstream: ClientRequest | undefined;
  let answer: IncomingMessage | undefined;
  let stage: "waiting" | "answering" | "over" = "waiting";
  let isUpstreamClosed = false;
  let isResponseClosed = false;

  const send = (agent: Lane["pool"] | false) => {
    const sent = openUpstream(request, headers, lane, agent);
    upstream = sent;
    let bytesReadBefore = 0;
    sent.once("socket", (socket) => {
      bytesReadBefore = socket.bytesRead;
    });
    sent.on("information", (interim) => passInterim(request, response, interim));
    sent.on("response", receive);
    sent.on("error", (error) => {
      if (sent !== upstream) return;
      const isStale = stage === "waiting" && sent.reusedSocket && (sent.socket?.bytesRead ?? 0) === bytesReadBefore;
      if (isStale && isRepeatable(request)) send(false);
      else breakOff(error);
    });
    sent.on("close", () => {
      if (sent !== upstream) return;
      if (stage === "waiting") breakOff(new Error("the connection closed without an answer"));
      isUpstreamClosed = true;
      finish();
    });
    passBody(visit, sent);
  };

  const receive = (incoming: IncomingMessage) => {
    if (stage !== "waiting") return void upstream?.destroy();
    const status = incoming.statusCode ?? 0;
    try {
      assertPassable(incoming);
      response.sendDate = false;
      if (!speaksHttp11(request)) response.useChunkedEncodingByDefault = false;
      response.writeHead(status, incoming.statusMessage ?? "", rewriteResponseHeaders(incoming, canBeChunked(incoming, request)));
    } catch (error) {
      return breakOff(error as Error);
    }
    stage = "answering";
    answer = incoming;
    counted.answered(status, clock.monotonicMs() - startedMs);
    incoming.on("error", breakOff);
    incoming.once("close", () => {
      if (!incoming.readableEnded) breakOff(new Error("the answer broke off"));
    });
    incoming.once("end", () => {
      if (stage !== "answering") return;
      if (!isWhole(incoming, upstream)) return breakOff(new Error("the connection was reset under an answer without a length"));
      stage = "over";
      if (incoming.rawTrailers.length > 0) response.addTrailers(rewriteTrailers(incoming.rawTrailers));
      response.end();
    });
    // Not flushHeaders(): it sends the head as UTF-8 and so spoils every byte above 127. This leaves with the first of the body,
    // or at the end of this turn of the event loop.
    response.write("", "latin1");
    incoming.pipe(response, { end: false });
  };

  const breakOff = (error: Error) => {
    // After the last byte of an answer the agent may close as it likes, even over an upload that it did not want.
    if (stage === "over" || (answer !== undefined && isWhole(answer, upstream))) return;
    const hasBegun = response.headersSent;
    stage = "over";
    counted.broke();
    forwarding.onBroken(error);
    upstream?.destroy();
    if (hasBegun) client.resetAndDestroy();
    else answerRefusal(response, planBrokenRefusal(error));
  };

  const abandon = () => {
    stage = "over";
    upstream?.destroy();
  };
  const onClientClosed = () => {
    if (stage !== "over") forwarding.onClientGone();
    abandon();
  };
  const finish = () => {
    if (!isUpstreamClosed || !isResponseClosed) return;
    client.off("close", onClientClosed);
    if (hasBody(request) && !request.readableEnded && !client.destroyed) discardRest(request, clock);
    forwarding.onOver();
  };

  client.once("close", onClientClosed);
  visit.spoiled.onAbort = abandon;
  response.once("close", () => {
    isResponseClosed = true;
    finish();
  });
  send(lane.pool);
}

function openUpstream(request: IncomingMessage, headers: readonly string[], lane: Lane, agent: Lane["pool"] | false): ClientRequest {
  const upstream = openRequest({
    host: lane.backend.host,
    port: lane.backend.port,
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers,
    setDefaultHeaders: false,
    agent,
    insecureHTTPParser: false,
    maxHeaderSize: ANSWER_HEAD_MAX_BYTES,
  });
  upstream.maxHeadersCount = 0;
  return upstream;
}

function passBody({ request, response }: Visit, upstream: ClientRequest): void {
  if (!hasBody(request)) return void upstream.end();
  upstream.write("", "latin1"); // The head goes first: the agent may have an opinion before the body comes.
  if (answersExpectItself(request)) response.writeContinue();
  request.pipe(upstream, { end: false });
  request.once("end", () => {
    if (upstream.destroyed) return;
    if (request.rawTrailers.length > 0) upstream.addTrailers(rewriteTrailers(request.rawTrailers));
    upstream.end();
  });
}

/** 100 only to a client that waits for it; HTTP/1.0 knows no interim answers (RFC 9110 §15.2). */
function passInterim(request: IncomingMessage, response: ServerResponse, interim: { statusCode: number; statusMessage: string; rawHeaders: string[] }): void {
  if (!speaksHttp11(request) || response.headersSent || response.socket === null) return;
  if (interim.statusCode !== 100) {
    const head = renderHead(`HTTP/1.1 ${interim.statusCode} ${interim.statusMessage}`, rewriteInterimHeaders(interim.rawHeaders));
    response.socket.write(head, "latin1");
  } else if (request.headers.expect !== undefined && !answersExpectItself(request)) response.writeContinue();
}

/** A close says that an answer without a length is whole, unless it followed a reset. */
function isWhole(answer: IncomingMessage, upstream: ClientRequest | undefined): boolean {
  const endsByClose = answer.headers["content-length"] === undefined && answer.headers["transfer-encoding"] === undefined;
  const isCut = upstream?.socket instanceof PatientSocket && upstream.socket.isCut;
  return answer.complete && !(endsByClose && isCut);
}

/** Throws where the client could not be told what the answer says. */
function assertPassable(answer: IncomingMessage): void {
  const coding = answer.headers["transfer-encoding"];
  if (coding !== undefined && coding.trim().toLowerCase() !== "chunked") throw new Error(`the answer is coded as ${coding}`);
}

function isRepeatable(request: IncomingMessage): boolean {
  return (request.method === "GET" || request.method === "HEAD") && !hasBody(request);
}

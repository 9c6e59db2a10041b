import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../platform/clock.ts";
import type { AgentConnection, Exchange } from "./agent-connection.ts";
import type { AnswerHead } from "./answer-head.ts";
import { answerRefusal, renderHead } from "./answer-refusal.ts";
import type { Visit } from "./client-line.ts";
import { copyLent } from "./copy-lent.ts";
import { cutConnection } from "./cut-connection.ts";
import { discardRest } from "./discard-rest.ts";
import type { CountedRequest } from "./front-counts.ts";
import type { Lane } from "./lane.ts";
import { planBrokenRefusal } from "./plan-refusal.ts";
import { hasBody } from "./request-body.ts";
import {
  canBeChunked,
  type RawHeaders,
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
  /** The header lines that say who asked. */
  readonly origin: RawHeaders;
  /** What a connection to the agent begins with, where it may carry no request but this one. */
  readonly preamble?: Buffer;
  /** The agent failed this request: refused, reset, cut short or malformed. */
  onBroken(error: Error): void;
  onClientGone(): void;
  /** Nothing of the request is under way any longer, on either side. */
  onOver(): void;
}

/** Answers up to this size go to the client as text: node:http then writes them together with their head. */
const JOINED_MAX_BYTES = 16 * 1024;

/**
 * Hands one request to the agent and its answer back, streaming both ways, as fast as the slower side reads.
 *
 * No byte of a request is ever sent twice, with one exception: a GET or HEAD without a body whose kept connection turns out to
 * have died before a byte of an answer came is sent once more, on a connection of its own (RFC 9112 §9.3.1). An answer that
 * breaks off is never ended cleanly: the client's connection is reset, so that half an answer cannot pass for a whole one.
 */
export function forwardRequest(visit: Visit, forwarding: Forwarding): void {
  new ForwardedRequest(visit, forwarding).start();
}

/** A class and not a handful of closures: there is one for each request, and it has many ways to be called. */
class ForwardedRequest implements Exchange {
  readonly #visit: Visit;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #forwarding: Forwarding;
  readonly #startedMs: number;
  #stage: "waiting" | "answering" | "over" = "waiting";
  /** Undefined when nothing is under way on the agent's side any longer. */
  #connection: AgentConnection | undefined;
  #isResponseClosed = false;
  #isSettled = false;
  #isHeadOut = false;
  /** The last piece of the body, which goes out with the end where the end has come with it. Lent: see AnswerEvents. */
  #lent: Buffer | undefined;

  constructor(visit: Visit, forwarding: Forwarding) {
    this.#visit = visit;
    this.#request = visit.request;
    this.#response = visit.response;
    this.#forwarding = forwarding;
    this.#startedMs = forwarding.clock.monotonicMs();
  }

  start(): void {
    this.#visit.spoiled.onAbort = () => this.#abandon();
    this.#response.once("close", () => this.#endResponse());
    const { lane, preamble } = this.#forwarding;
    this.#send(preamble === undefined ? lane.connect() : lane.connectFor(preamble));
  }

  #send(connection: AgentConnection): void {
    const request = this.#request;
    const method = request.method ?? "GET";
    const lines = rewriteRequestHeaders(request, { origin: this.#forwarding.origin });
    const isBodied = hasBody(request);
    this.#connection = connection;
    if (isBodied) this.#passBody(request.headers["transfer-encoding"] !== undefined);
    connection.begin(this, method, renderHead(`${method} ${request.url ?? "/"} HTTP/1.1`, lines), isBodied);
  }

  #passBody(isChunked: boolean): void {
    const request = this.#request;
    request.on("data", (bytes: Buffer) => {
      const connection = this.#connection;
      if (connection === undefined) return; // Nobody wants the rest.
      if (!(isChunked ? connection.writeChunk(bytes) : connection.writeBody(bytes))) request.pause();
    });
    request.once("end", () => this.#connection?.endBody(isChunked ? renderHead("0", rewriteTrailers(request.rawTrailers)) : ""));
  }

  onDrain(): void {
    this.#request.resume();
  }

  /** 100 only to a client that waits for it; HTTP/1.0 knows no interim answers (RFC 9110 §15.2). */
  onInterim({ statusCode, statusMessage, rawHeaders }: AnswerHead): void {
    const response = this.#response;
    if (!speaksHttp11(this.#request) || response.socket === null) return;
    if (statusCode === 100) {
      if (this.#request.headers.expect !== undefined) response.writeContinue();
    } else response.socket.write(renderHead(`HTTP/1.1 ${statusCode} ${statusMessage}`, rewriteInterimHeaders(rawHeaders)), "latin1");
  }

  onHead(head: AnswerHead): void {
    const { statusCode, statusMessage } = head;
    const response = this.#response;
    if (statusCode === 101) return void this.#breakOff(new Error("the agent changed protocols unasked"));
    try {
      response.sendDate = false;
      if (!speaksHttp11(this.#request)) response.useChunkedEncodingByDefault = false;
      response.writeHead(statusCode, statusMessage, rewriteResponseHeaders(head, canBeChunked(head, this.#request)));
    } catch (error) {
      return void this.#breakOff(error as Error); // The client cannot be told what the answer says.
    }
    this.#stage = "answering";
    this.#forwarding.counted.answered(statusCode, this.#forwarding.clock.monotonicMs() - this.#startedMs);
  }

  onBody(bytes: Buffer): void {
    if (this.#lent !== undefined) this.#writeOut(this.#lent);
    this.#lent = bytes;
  }

  onEnd(rawTrailers: RawHeaders): void {
    const last = this.#lent;
    this.#lent = undefined;
    this.#stage = "over";
    if (rawTrailers.length > 0) this.#response.addTrailers(pairsOf(rewriteTrailers(rawTrailers)));
    if (last !== undefined && last.length <= JOINED_MAX_BYTES) return void this.#response.end(last.toString("latin1"), "latin1");
    if (last !== undefined) this.#writeOut(last);
    this.#response.end();
  }

  /** What came has to leave before more is read: an event of a stream is not to wait for the next one. */
  onReadOver(): void {
    if (this.#stage !== "answering") return;
    const last = this.#lent;
    this.#lent = undefined;
    // Not flushHeaders(): it sends the head as UTF-8 and so spoils every byte above 127.
    if (last !== undefined) this.#writeOut(last);
    else if (!this.#isHeadOut) this.#response.write("", "latin1");
    this.#isHeadOut = true;
    if (!this.#response.writableNeedDrain) return;
    this.#connection?.pause();
    this.#response.once("drain", () => this.#connection?.resume());
  }

  #writeOut(lent: Buffer): void {
    if (lent.length <= JOINED_MAX_BYTES) return void this.#response.write(lent.toString("latin1"), "latin1");
    const copy = copyLent(lent);
    this.#response.write(copy.bytes, copy.giveBack);
  }

  onOver(error?: Error): void {
    const connection = this.#connection;
    this.#connection = undefined;
    const isStale = this.#stage === "waiting" && connection?.isPerhapsStale === true;
    if (error !== undefined && isStale && isRepeatable(this.#request)) this.#send(this.#forwarding.lane.connectAfresh());
    else if (error !== undefined && this.#stage !== "over") this.#breakOff(error);
    else this.#settle();
  }

  #breakOff(error: Error): void {
    const hasBegun = this.#response.headersSent;
    this.#forwarding.counted.broke();
    this.#forwarding.onBroken(error);
    this.#abandon();
    if (hasBegun) cutConnection(this.#request.socket);
    else answerRefusal(this.#response, planBrokenRefusal(error));
  }

  #abandon(): void {
    this.#stage = "over";
    this.#lent = undefined;
    this.#connection?.destroy();
    this.#connection = undefined;
    this.#settle();
  }

  /** The client has all of its answer, or is gone. */
  #endResponse(): void {
    this.#isResponseClosed = true;
    const client = this.#request.socket;
    if (this.#stage !== "over") {
      this.#forwarding.onClientGone();
      this.#abandon();
    } else if (this.#connection === undefined) this.#settle();
    else if (client.destroyed) this.#abandon();
    else client.once("close", this.#onClientClosed); // The agent answered early, and the upload goes on.
  }

  readonly #onClientClosed = () => this.#abandon();

  /** Where nothing is under way on either side. */
  #settle(): void {
    if (this.#connection !== undefined || !this.#isResponseClosed || this.#isSettled) return;
    this.#isSettled = true;
    const request = this.#request;
    request.socket.off("close", this.#onClientClosed);
    if (hasBody(request) && !request.readableEnded && !request.socket.destroyed) discardRest(request, this.#forwarding.clock);
    this.#forwarding.onOver();
  }
}

function isRepeatable(request: IncomingMessage): boolean {
  return (request.method === "GET" || request.method === "HEAD") && !hasBody(request);
}

function pairsOf(lines: RawHeaders): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < lines.length; at += 2) pairs.push([lines[at] ?? "", lines[at + 1] ?? ""]);
  return pairs;
}

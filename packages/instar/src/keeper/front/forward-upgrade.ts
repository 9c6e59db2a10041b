import { type IncomingMessage, request as openRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { renderHead, writeRefusal } from "./answer-refusal.ts";
import { cutConnection } from "./cut-connection.ts";
import { discardRest } from "./discard-rest.ts";
import type { Forwarding } from "./forward-request.ts";
import { planBrokenRefusal } from "./plan-refusal.ts";
import { rewriteRequestHeaders, rewriteResponseHeaders, rewriteSwitchHeaders, speaksHttp11 } from "./rewrite-headers.ts";
import { openTunnel, type Tunnel } from "./tunnel.ts";

/** A client that wants to leave HTTP on its connection, such as a WebSocket. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** What the client sent before it was answered. Stops collecting. */
  takeEarly(): Buffer;
}

/**
 * Whether a change of protocols is put to the agent. Otherwise its Upgrade line is dropped, as RFC 9110 §7.8 allows, and it is a
 * request like any other: with a body there is no telling body from protocol, and h2c (which some clients offer with every
 * request) would carry requests past everything that the front counts.
 */
export function canUpgrade(request: IncomingMessage): boolean {
  const { upgrade = "", "content-length": length, "transfer-encoding": coding } = request.headers;
  return request.method === "GET" && speaksHttp11(request) && length === undefined && coding === undefined && !/\bh2c?\b/i.test(upgrade);
}

/** Keeps what the client sends until the agent has agreed, and notices when it goes away. */
export function collectEarly(request: IncomingMessage, socket: Socket, head: Buffer): Upgrade {
  const chunks = [head];
  let sizeBytes = head.length;
  const keep = (chunk: Buffer) => {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > EARLY_MAX_BYTES) socket.pause();
  };
  const leave = () => socket.destroy();
  socket.on("error", () => {}); // "close" follows, and says all there is to say.
  socket.on("data", keep);
  socket.on("end", leave);
  return {
    request,
    socket,
    takeEarly() {
      socket.off("data", keep);
      socket.off("end", leave);
      return Buffer.concat(chunks);
    },
  };
}

const EARLY_MAX_BYTES = 64 * 1024;

/** Puts the wish to the agent, on a connection of its own: agreed, it becomes a tunnel; refused or ignored, its answer is passed. */
export function forwardUpgrade(upgrade: Upgrade, forwarding: Forwarding): Tunnel {
  const { request, socket } = upgrade;
  const startedMs = forwarding.clock.monotonicMs();
  let isAnswered = false;
  let tunnel: Tunnel | undefined;
  let isToBeTold = false;
  let isBroken = false;

  const upstream = openRequest({
    createConnection: () => openTunnelSocket(forwarding), // And so no pool.
    method: "GET",
    path: request.url ?? "/",
    headers: rewriteRequestHeaders(request, { origin: forwarding.origin, keepsUpgrade: true }),
    setDefaultHeaders: false,
    insecureHTTPParser: false,
  });
  upstream.on("upgrade", (answer, agent: Socket, head) => {
    isAnswered = true;
    forwarding.counted.answered(101, forwarding.clock.monotonicMs() - startedMs);
    const early = { byClient: upgrade.takeEarly(), byAgent: head };
    socket.write(renderHead(`HTTP/1.1 101 ${answer.statusMessage}`, rewriteSwitchHeaders(answer)), "latin1");
    tunnel = openTunnel(socket, agent, { ...webSocketOf(answer), early, onAnswered: forwarding.counted.messagesAnswered });
    if (isToBeTold) tunnel.tell();
    agent.once("close", () => (socket.closed ? forwarding.onOver() : socket.once("close", forwarding.onOver)));
  });
  upstream.on("response", (answer) => {
    isAnswered = true;
    forwarding.counted.answered(answer.statusCode ?? 0, forwarding.clock.monotonicMs() - startedMs);
    upgrade.takeEarly();
    const lines = [...rewriteResponseHeaders(answer, false), "Connection", "close"];
    socket.write(renderHead(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, lines), "latin1");
    answer.on("error", breakOff);
    answer.pipe(socket);
    discardRest(socket, forwarding.clock);
  });
  upstream.on("error", breakOff);
  upstream.on("close", () => {
    if (tunnel === undefined) forwarding.onOver();
  });
  upstream.end();
  socket.once("close", () => {
    if (!isAnswered && !isBroken) forwarding.onClientGone();
    isBroken = true;
    upstream.destroy();
  });

  function breakOff(error: Error): void {
    if (isBroken) return;
    isBroken = true;
    forwarding.counted.broke();
    forwarding.onBroken(error);
    if (isAnswered) cutConnection(socket);
    else writeRefusal(socket, planBrokenRefusal(error), forwarding.clock);
  }

  return {
    tell() {
      isToBeTold = true;
      tunnel?.tell();
    },
    finish: () => tunnel?.finish(),
    cut() {
      if (tunnel !== undefined) return tunnel.cut();
      isBroken = true;
      if (isAnswered) cutConnection(socket);
      else writeRefusal(socket, { status: 503, because: "The agent is being exchanged.", retryAfterS: 1 }, forwarding.clock);
      upstream.destroy();
    },
  };
}

/** No PatientSocket: a reset must be seen as one, or what it cut short would pass for whole. */
function openTunnelSocket({ lane, preamble }: Forwarding): Socket {
  const { host, port, socketPath } = lane.backend;
  const socket = connect(socketPath === undefined ? { host, port, noDelay: true } : { path: socketPath });
  if (preamble !== undefined) socket.write(preamble);
  return socket;
}

/** What is needed to follow the frames, where WebSocket is what both agreed on. */
function webSocketOf(answer: IncomingMessage): { webSocket?: { hasExtensions: boolean } } {
  if (answer.headers.upgrade?.trim().toLowerCase() !== "websocket") return {};
  return { webSocket: { hasExtensions: answer.headers["sec-websocket-extensions"] !== undefined } };
}

import { type IncomingMessage, request as openRequest } from "node:http";
import type { Socket } from "node:net";
import { renderHead, writeRefusal } from "./answer-refusal.ts";
import { discardRest } from "./discard-rest.ts";
import type { Forwarding } from "./forward-request.ts";
import { planBrokenRefusal } from "./plan-refusal.ts";
import { rewriteRequestHeaders, rewriteResponseHeaders, rewriteSwitchHeaders, speaksHttp11 } from "./rewrite-headers.ts";

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
export function forwardUpgrade(upgrade: Upgrade, forwarding: Forwarding): void {
  const { request, socket } = upgrade;
  const { backend } = forwarding.lane;
  const startedMs = forwarding.clock.monotonicMs();
  let isAnswered = false;
  let isTunnelled = false;
  let isBroken = false;

  const upstream = openRequest({
    host: backend.host,
    port: backend.port,
    method: "GET",
    path: request.url ?? "/",
    headers: rewriteRequestHeaders(request, { clientAddress: socket.remoteAddress ?? "unknown", keepsUpgrade: true }),
    setDefaultHeaders: false,
    agent: false,
    insecureHTTPParser: false,
  });
  upstream.on("upgrade", (answer, agent: Socket, head) => {
    isAnswered = true;
    isTunnelled = true;
    forwarding.counted.answered(101, forwarding.clock.monotonicMs() - startedMs);
    const early = upgrade.takeEarly();
    socket.write(renderHead(`HTTP/1.1 101 ${answer.statusMessage}`, rewriteSwitchHeaders(answer)), "latin1");
    if (head.length > 0) socket.write(head);
    if (early.length > 0) agent.write(early);
    tunnel(socket, agent);
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
    if (!isTunnelled) forwarding.onOver();
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
    if (isAnswered) socket.resetAndDestroy();
    else writeRefusal(socket, planBrokenRefusal(error), forwarding.clock);
  }
}

/** Bytes both ways. Either side may stop sending and still receive; when one is gone the other is told in the same manner. */
function tunnel(client: Socket, agent: Socket): void {
  for (const [from, to] of [
    [client, agent],
    [agent, client],
  ] as const) {
    from.pipe(to);
    from.on("error", () => {});
    from.once("close", (hasFailed) => (hasFailed ? to.resetAndDestroy() : to.destroySoon()));
  }
}

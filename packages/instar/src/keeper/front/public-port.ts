import type { IncomingMessage, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import { answerRefusal, writeRefusal } from "./answer-refusal.ts";
import { type ClientLine, createClientLine, type Visit } from "./client-line.ts";
import { createClientServer } from "./client-server.ts";
import { cutConnection } from "./cut-connection.ts";
import { canUpgrade, collectEarly, type Upgrade } from "./forward-upgrade.ts";
import type { LiveCertificate } from "./live-certificate.ts";
import { planRefusal } from "./plan-refusal.ts";

export interface PublicPortOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly clock: Clock;
  /** See FrontOptions.certificate. */
  readonly certificate?: LiveCertificate;
  readonly onError?: (error: InstarError) => void;
  /** A request that may be forwarded: well-formed, and the first of its connection that is not answered yet. */
  readonly onVisit: (visit: Visit) => void;
  readonly onUpgrade: (upgrade: Upgrade) => void;
  /** A request that is answered here stays a request, whatever else it would like its connection to become. */
  readonly isOwn: (request: IncomingMessage) => boolean;
}

/** The listening socket and its client connections; it knows nothing of agents. */
export interface PublicPort {
  /** See Front.listen. @throws InstarError PORT_IN_USE, SETTINGS_INVALID, PLATFORM_FAILED */
  listen(handed?: NetServer): Promise<{ host: string; port: number }>;
  /** See Front.listener. */
  listener(): NetServer | undefined;
  /** See Front.close. `beforeCut` is called when the grace is over and the rest is about to be cut. */
  close(options: { graceMs: number; beforeCut: () => void }): Promise<void>;
  connections(): number;
}

/** Against clients that never finish their head. There is no limit on bodies and answers: agents stream for hours. */
const HEAD_TIMEOUT_MS = 60_000;
const HEAD_MAX_BYTES = 32 * 1024;
const KEEP_ALIVE_MS = 5_000;
/** node:http closes an idle connection a second after the time that it announces; then every client has noticed. */
const IDLE_GONE_MS = KEEP_ALIVE_MS + 1_000;
/** Finds dead peers behind held requests and silent streams. */
const PROBE_AFTER_MS = 30_000;
const BACKLOG = 2_048;

export function createPublicPort(options: PublicPortOptions): PublicPort {
  const { clock, onVisit, onUpgrade, isOwn } = options;
  const lines = new Map<Socket, ClientLine>();
  const closing = new AbortController();
  let isClosing = false;

  const strict = {
    insecureHTTPParser: false,
    requireHostHeader: false, // planRefusal says it in words.
    maxHeaderSize: HEAD_MAX_BYTES,
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
    shouldUpgradeCallback: (request: IncomingMessage) => canUpgrade(request) && !isOwn(request) && (lines.get(request.socket)?.isIdle() ?? false),
  };
  const clients = createClientServer(strict, options.certificate, clock);
  const { server } = clients;
  server.maxHeadersCount = 0; // Fields beyond a count would be dropped in silence; the size is bounded.
  clients.onConnection((socket) => {
    const line = createClientLine(socket, clock);
    if (isClosing) line.finishUp();
    lines.set(socket, line);
    socket.once("close", () => lines.delete(socket));
  });

  const enter = (request: IncomingMessage, response: ServerResponse) => {
    lines.get(request.socket)?.join(request, response, (visit) => {
      const refusal = planRefusal(request);
      if (refusal === undefined) onVisit(visit);
      else answerRefusal(response, refusal);
    });
  };
  server.on("request", enter);
  server.on("checkContinue", enter); // The agent, not the front, says 100.
  server.on("upgrade", (request: IncomingMessage, _, head: Buffer) => {
    lines.get(request.socket)?.handOver();
    const upgrade = collectEarly(request, request.socket, head);
    const refusal = planRefusal(request);
    if (refusal === undefined) onUpgrade(upgrade);
    else writeRefusal(request.socket, refusal, clock);
  });
  server.on("connect", ({ socket }: IncomingMessage) => {
    socket.on("error", () => {}); // "close" follows.
    writeRefusal(socket, { status: 405, because: "This is not a forward proxy." }, clock);
  });
  server.on("clientError", (error, socket) => {
    const line = lines.get(socket as Socket);
    if (line === undefined) clients.refuse(socket as Socket, error);
    else line.breakOff(error);
  });

  const listenOn = (handed: NetServer | undefined): Promise<{ host: string; port: number }> =>
    new Promise((resolve, reject) => {
      const refuse = (cause: NodeJS.ErrnoException) => reject(explainListenError(cause, options));
      server.once("error", refuse);
      const begun = () => {
        server.off("error", refuse);
        server.on("error", (cause) => options.onError?.(new InstarError("PLATFORM_FAILED", "The public port reported an error", { cause })));
        const address = server.address();
        resolve({ host: options.host, port: typeof address === "object" && address !== null ? address.port : options.port });
      };
      if (handed === undefined) server.listen({ host: options.host, port: options.port, backlog: BACKLOG }, begun);
      else server.listen(handed, BACKLOG, begun);
    });

  return {
    async listen(handed) {
      if (handed === undefined) await options.certificate?.load();
      if (isClosing) throw new InstarError("CANCELLED", "the public port was closed before it was open");
      clients.showCertificate();
      const address = await listenOn(handed);
      clients.followCertificate(closing.signal);
      return address;
    },

    listener: () => (server.listening ? server : undefined),

    async close({ graceMs, beforeCut }) {
      isClosing = true;
      closing.abort();
      // Not server.close(): that cuts idle connections at once, under the hands of clients who are just asking on them.
      const allGone = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
      for (const line of lines.values()) line.finishUp();
      const done = new AbortController();
      const after = (ms: number, act: () => void) => void clock.sleep(ms, done.signal).then(act, () => {});
      after(Math.min(graceMs, IDLE_GONE_MS), () => {
        for (const [socket, line] of lines) if (line.isIdle()) socket.destroy();
        clients.cutBeginners();
      });
      after(graceMs, () => {
        beforeCut();
        for (const socket of lines.keys()) cutConnection(socket);
        clients.cutBeginners();
      });
      await allGone;
      done.abort();
      server.close(); // Now only ends its timer.
    },

    connections: () => lines.size,
  };
}

function explainListenError(cause: NodeJS.ErrnoException, { host, port }: PublicPortOptions): InstarError {
  const facts = { host, port };
  if (cause.code === "EADDRINUSE")
    return new InstarError("PORT_IN_USE", `Something else already listens on ${host}:${port}`, {
      cause,
      facts,
      advice: "Stop the other program, or choose another front.port in instar.yaml.",
    });
  return new InstarError("PLATFORM_FAILED", `Could not listen on ${host}:${port}`, { cause, facts });
}

import { createServer, type Server, type ServerOptions } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import type { Clock } from "../../platform/clock.ts";
import { writeRefusal } from "./answer-refusal.ts";
import { cutConnection, tcpBeneath } from "./cut-connection.ts";
import type { LiveCertificate } from "./live-certificate.ts";

/** A server of HTTP, in the clear or over TLS, as the public port sees it: its connections are those on which somebody can ask. */
export interface ClientServer {
  readonly server: Server;
  onConnection(take: (socket: Socket) => void): void;
  /** The certificate has to be loaded. */
  showCertificate(): void;
  /** From now on the newest is shown. */
  followCertificate(until: AbortSignal): void;
  /** A connection on which nobody can ask, and never could. */
  refuse(socket: Socket, error: Error & { code?: string }): void;
  /** Cuts those that are still about to agree on a secret: nobody has asked anything there. */
  cutBeginners(): void;
}

/** As long as a handshake may take. A machine that thousands come to at once needs some of it itself. */
const HANDSHAKE_MS = 30_000;

export function createClientServer(options: ServerOptions, certificate: LiveCertificate | undefined, clock: Clock): ClientServer {
  if (certificate === undefined) {
    const server = createServer(options);
    return {
      server,
      onConnection: (take) => void server.on("connection", take),
      showCertificate: () => {},
      followCertificate: () => {},
      refuse: (socket) => void socket.destroy(),
      cutBeginners: () => {},
    };
  }

  // node:http's server does these two by itself.
  const server = createSecureServer({ ...options, allowHalfOpen: true, noDelay: true, ALPNProtocols: ["http/1.1"] });
  const showCertificate = () => server.setSecureContext(certificate.context());
  /** Each with what is to be done when it is none any more. */
  const beginners = new Map<Socket, () => void>();
  const leave = (tcp: Socket) => {
    beginners.get(tcp)?.();
    beginners.delete(tcp);
  };
  server.on("connection", (tcp: Socket) => {
    const over = new AbortController();
    beginners.set(tcp, () => over.abort());
    tcp.once("close", () => leave(tcp));
    tcp.on("error", () => {}); // "close" follows.
    clock.sleep(HANDSHAKE_MS, over.signal).then(
      () => cutConnection(tcp),
      () => {}, // They agreed, or it is gone.
    );
  });
  return {
    server,
    onConnection(take) {
      server.on("secureConnection", (socket) => {
        leave(tcpBeneath(socket));
        take(socket);
      });
    },
    showCertificate,
    followCertificate: (until) => certificate.follow(showCertificate, until),
    refuse(socket, { code }) {
      if (code !== "ERR_SSL_HTTP_REQUEST") return void socket.destroy();
      writeRefusal(tcpBeneath(socket), { status: 400, because: "Only HTTPS is spoken here." }, clock);
    },
    cutBeginners() {
      for (const tcp of beginners.keys()) cutConnection(tcp);
    },
  };
}

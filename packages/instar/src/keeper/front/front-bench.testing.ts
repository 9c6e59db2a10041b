import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { connect, createServer as createTcpServer, type Socket, type Server as TcpServer } from "node:net";
import { connect as connectSecurely } from "node:tls";
import type { InstarError } from "@instar/protocol";
import { type Clock, systemClock } from "../../platform/clock.ts";
import type { CertificateFiles } from "../../settings/read-server-certificate.ts";
import { createFront, type Front, type FrontOptions } from "./front.ts";
import { LiveCertificate } from "./live-certificate.ts";

/** What the front's tests stand on: a front, agents and clients that see the wire as it is, and a clock that only tests move. */
export interface FrontBench {
  readonly front: Front;
  readonly port: number;
  readonly clock: SteppedClock;
  readonly errors: InstarError[];
  /** What was said of the certificate. */
  readonly said: string[];
  /** An agent on node:http, in a slot of its own; the front is routed to it. */
  startAgent(handler: RequestListener, name?: string): Promise<{ server: Server; port: number }>;
  /** An agent that writes bytes: called for each head that arrives, with everything that came so far. */
  startRawAgent(onHead: (socket: Socket, received: string) => void, name?: string): Promise<{ port: number; sockets: Set<Socket> }>;
  /** `staysHalfOpen` goes on sending after the front has said its last word. */
  open(options?: { staysHalfOpen: boolean }): RawClient;
  /** Sends bytes on a connection of its own and gives everything that comes until it ends. */
  ask(text: string): Promise<string>;
  close(): Promise<void>;
}

/** @param tls clients and front speak TLS, with the time of day of this machine */
export async function openFrontBench({ tls, ...options }: Partial<FrontOptions> & { tls?: CertificateFiles } = {}): Promise<FrontBench> {
  const clock = new SteppedClock(tls === undefined ? undefined : systemClock.wallMs());
  const said: string[] = [];
  const errors: InstarError[] = [];
  const front = createFront({
    host: "127.0.0.1",
    port: 0,
    hold: { requests: 100, bytes: 1_000_000, timeMs: 30_000 },
    clock,
    onError: (error) => errors.push(error),
    ...(tls && { certificate: new LiveCertificate({ files: tls, clock, say: (line) => said.push(line) }) }),
    ...options,
  });
  const { port } = await front.listen();
  const clients: RawClient[] = [];
  const endings: (() => void)[] = [];
  const start = async (server: TcpServer | Server, name: string) => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const agentPort = typeof address === "object" && address !== null ? address.port : 0;
    front.route({ main: { slot: name, release: `release-${name}`, host: "127.0.0.1", port: agentPort } });
    return agentPort;
  };
  const open = ({ staysHalfOpen } = { staysHalfOpen: false }) => {
    const client = new RawClient(port, staysHalfOpen, tls !== undefined);
    clients.push(client);
    return client;
  };
  return {
    front,
    port,
    clock,
    errors,
    said,
    async startAgent(handler, name = "blue") {
      const server = createHttpServer({ requireHostHeader: false }, handler);
      endings.push(() => {
        server.close();
        server.closeAllConnections();
      });
      return { server, port: await start(server, name) };
    },
    async startRawAgent(onHead, name = "blue") {
      const sockets = new Set<Socket>();
      const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
        sockets.add(socket);
        let received = "";
        socket.on("error", () => {});
        socket.on("data", (chunk) => {
          const heads = received.split("\r\n\r\n").length;
          received += chunk.toString("latin1");
          if (received.split("\r\n\r\n").length > heads) onHead(socket, received);
        });
      });
      endings.push(() => {
        server.close();
        for (const socket of sockets) socket.destroy();
      });
      return { port: await start(server, name), sockets };
    },
    open,
    ask(text) {
      const client = open();
      client.send(text);
      return client.ended();
    },
    async close() {
      for (const client of clients) client.socket.destroy();
      for (const end of endings) end();
      await front.close({ graceMs: 0 });
    },
  };
}

/** A connection to the front whose bytes are seen as they come, one character a byte. */
export class RawClient {
  readonly socket: Socket;
  received = "";
  hasEnded = false;
  wasReset = false;

  constructor(port: number, staysHalfOpen: boolean, isSecure = false) {
    const tcp = connect({ port, host: "127.0.0.1", allowHalfOpen: staysHalfOpen });
    this.socket = isSecure ? connectSecurely({ socket: tcp, rejectUnauthorized: false }) : tcp;
    if (isSecure) {
      tcp.on("error", () => {}); // The other one hears of it as well.
      this.socket.resetAndDestroy = () => tcp.resetAndDestroy();
    }
    this.socket.on("data", (chunk) => {
      this.received += chunk.toString("latin1");
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.wasReset ||= error.code === "ECONNRESET" || error.code === "EPIPE";
    });
    this.socket.on("close", () => {
      this.hasEnded = true;
    });
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
  }

  /** Waits until what came contains a text, and gives all of it. */
  async sees(text: string): Promise<string> {
    await until(() => this.received.includes(text) || this.hasEnded);
    if (!this.received.includes(text)) throw new Error(`the connection ended before ${JSON.stringify(text)} came: ${JSON.stringify(this.received)}`);
    return this.received;
  }

  async ended(): Promise<string> {
    await until(() => this.hasEnded);
    return this.received;
  }
}

/** Polls for a condition; thirty seconds are no expectation, only an end to a test that fails. */
export async function until(condition: () => boolean, what: string | (() => string) = "a condition"): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  for (let turn = 0; !condition(); turn += 1) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain for ${typeof what === "string" ? what : what()}`);
    // Most of what is waited for is a few turns of the event loop away.
    await new Promise<void>((resolve) => (turn < 40 ? setImmediate(resolve) : setTimeout(resolve, 2)));
  }
}

/** A clock that stands still until a test moves it. */
export class SteppedClock implements Clock {
  #nowMs: number;
  readonly #sleepers = new Set<{ atMs: number; wake: () => void }>();

  constructor(nowMs = 1_000) {
    this.#nowMs = nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (ms <= 0) return resolve();
      const sleeper = {
        atMs: this.#nowMs + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const sleeper of [...this.#sleepers]) if (sleeper.atMs <= this.#nowMs) sleeper.wake();
  }

  sleeping(): number {
    return this.#sleepers.size;
  }
}

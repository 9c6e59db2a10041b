import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Request {
  readonly route: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly token: string;
}

type Answer = (request: Request, response: ServerResponse) => unknown;

/** Answers on loopback what it was told, and can go away and come back at another port, as the daemon does. */
export class FakeDaemon {
  readonly folder = mkdtempSync(join(tmpdir(), "instar-sdk-"));
  readonly door = join(this.folder, "door.json");
  readonly heard: Request[] = [];
  readonly answers: Record<string, Answer> = {};
  token = "first";
  #server: Server | undefined;

  static async create(): Promise<FakeDaemon> {
    const daemon = new FakeDaemon();
    await daemon.start();
    daemon.writeDoor();
    return daemon;
  }

  get url(): string {
    if (this.#server === undefined) throw new Error("it was not started");
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#server = server;
  }

  writeDoor(door: unknown = { url: this.url, token: this.token }): void {
    writeFileSync(this.door, typeof door === "string" ? door : JSON.stringify(door));
  }

  /** As a kill does: connections break, and the port is closed. The door file stays. */
  kill(): Promise<void> {
    const server = this.#server;
    return new Promise((resolve) => {
      if (server === undefined || !server.listening) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true });
  }

  routes(): string[] {
    return this.heard.map(({ route }) => route);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const asked: Request = {
      route: `${request.method} ${url.pathname}`,
      query: Object.fromEntries(url.searchParams),
      body: text === "" ? undefined : JSON.parse(text),
      token: (request.headers.authorization ?? "").replace("Bearer ", ""),
    };
    this.heard.push(asked);
    if (asked.token !== this.token) return sendProblem(response, 401, { code: "UNAUTHORIZED", detail: "the token is wrong" });
    const answer = this.answers[asked.route];
    if (answer === undefined) return sendProblem(response, 404, { code: "NOT_FOUND", detail: `there is no ${asked.route}` });
    const value = await answer(asked, response);
    if (value !== undefined) sendJson(response, 200, value);
  }
}

/** What an update under way is shown as. */
export const updateShown = (more: object = {}) => ({
  id: "u1",
  outcome: null,
  because: "it is watched",
  code: null,
  versionFrom: "1.0.0",
  versionTo: "1.0.1",
  ...more,
});

export const deploymentShown = (more: object = {}) => ({
  update: "u1",
  commit: "c1",
  message: "be kind",
  asker: "chat 7",
  by: "self",
  at: "2026-01-01T00:00:00.000Z",
  revises: null,
  state: "idle",
  outcome: "committed",
  because: "it was watched",
  comment: null,
  needsPerson: false,
  isAcknowledged: false,
  ...more,
});

export function sendProblem(response: ServerResponse, status: number, problem: object): void {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ type: "about:blank", title: "no", status, ...problem }));
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

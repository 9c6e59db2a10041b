import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { DaemonBench, type RunningDaemon, step } from "../../packages/instar/src/daemon/daemon-bench.testing.ts";
import type { Instance } from "../../packages/instar/src/daemon/instance.ts";
import { Daemon } from "../../packages/instar/src/daemon/run-daemon.ts";
import { transact } from "../../packages/instar/src/database/open-database.ts";
import { type HttpAbout, type HttpFace, serveHttp } from "../../packages/instar/src/faces/http/serve-http.ts";
import { type NewToken, TokenStore } from "../../packages/instar/src/governance/access/token-store.ts";
import { readLedgerFiles } from "../../packages/instar/src/ledger/read-ledger-files.testing.ts";
import { type Entrance, openEntrance } from "../../packages/instar/src/operations/open-entrance.ts";
import { readProcessIdentity } from "../../packages/instar/src/platform/process-identity.ts";
import { newId } from "../../packages/instar/src/update/new-id.ts";

export const DOOR = "0".repeat(64);

export interface WebAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** What a page of the console shows; each part may be left out, or be another's. */
export interface Papers {
  readonly cookie: string;
  readonly secret: string;
}

/** A real daemon and its door, as a browser finds it. Time is the test's own. */
export class ConsoleWorld {
  readonly bench = new DaemonBench();
  readonly clock = new SimulatedClock();
  readonly said: string[] = [];
  readonly about: HttpAbout;
  readonly running: Pick<RunningDaemon, "instance" | "daemon">;
  tokens!: TokenStore;
  entrance!: Entrance;
  face!: HttpFace;

  private constructor(about: Partial<HttpAbout>, runs: boolean) {
    this.about = { version: "1.2.3", dataFolder: this.bench.data, ...about };
    const instance = this.bench.open([step("stage"), step("switch")]);
    this.running = runs ? this.bench.run(instance) : { instance, daemon: new Daemon(instance, () => undefined) };
  }

  /** @param runs false: the daemon does nothing by itself, so that the journal has what the test writes */
  static async open(about: Partial<HttpAbout> = {}, { runs = true } = {}): Promise<ConsoleWorld> {
    const world = new ConsoleWorld(about, runs);
    await world.serve();
    return world;
  }

  /** As if the agent were sandboxed, so that nothing of it can read the door's token. */
  isSandboxed = false;

  get instance(): Instance {
    const world = this;
    const { instance } = this.running;
    const nothingRuns = { slots: { blue: { alive: false }, green: { alive: false } } };
    return {
      ...instance,
      get settings() {
        const { agent } = instance.settings;
        return {
          ...instance.settings,
          agent: { ...agent, sandbox: { ...agent.sandbox, level: world.isSandboxed ? ("sandboxed" as const) : ("open" as const) } },
        };
      },
      rooms: { ...instance.rooms, clock: this.clock, keeper: Object.assign(Object.create(instance.rooms.keeper), { state: async () => nothingRuns }) },
    };
  }

  /** A door as a daemon opens it; a second time as the next one does, which knows only what is on disk. */
  async serve(): Promise<void> {
    const { instance, clock } = this;
    this.tokens = new TokenStore({ database: instance.database, clock, newId });
    const parts = { instance, daemon: this.running.daemon, versions: { instar: "0", node: "0" }, operator: "ada", doorToken: DOOR };
    this.entrance = openEntrance({ ...parts, say: (line) => void this.said.push(line) });
    this.face = await serveHttp(this.entrance, this.about);
    writeFileSync(join(this.bench.data, "daemon.json"), JSON.stringify({ ...(await readProcessIdentity(process.pid)), port: this.face.port, token: DOOR }));
  }

  async restart(): Promise<void> {
    await this.face.close();
    await this.serve();
  }

  async close(): Promise<void> {
    await this.face.close();
    await this.bench.close();
  }

  create(parts: Partial<NewToken> = {}) {
    const expiresAt = new Date(this.clock.wallMs() + 86_400_000).toISOString();
    return transact(this.instance.database, () => this.tokens.create({ name: newId(), role: "operator", scope: null, expiresAt, createdBy: "ada", ...parts }));
  }

  revoke(id: string): void {
    transact(this.instance.database, () => this.tokens.revoke(id));
  }

  get host(): string {
    return `localhost:${this.face.port}`;
  }

  /** Asks as a browser does from a page of the console. A header that is undefined is left out. */
  ask(method: string, path: string, { papers, body, headers = {} }: Partial<Asking> = {}): Promise<WebAnswer> {
    const all: Record<string, string | undefined> = {
      host: this.host,
      "sec-fetch-site": "same-origin",
      ...(method === "GET" ? {} : { origin: `http://${this.host}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(papers?.cookie === undefined ? {} : { cookie: papers.cookie }),
      ...(papers?.secret === undefined ? {} : { "x-instar-session": papers.secret }),
      ...headers,
    };
    const sent = Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
    return new Promise((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port: this.face.port, method, path, agent: false, headers: sent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("latin1");
          const isJson = /json/.test(response.headers["content-type"] ?? "");
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} });
        });
      });
      asked.on("error", reject);
      asked.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
    });
  }

  login(by: { code: string } | { token: string }, cookie?: string): Promise<WebAnswer> {
    return this.ask("POST", "/console/session", { body: by, headers: { cookie } });
  }

  /** A session of whoever shows this token, as a browser has it then. */
  async sit(token: string): Promise<Papers> {
    const answer = await this.login({ token });
    if (answer.status !== 200) throw new Error(answer.text);
    return { secret: String(answer.body.secret), cookie: readCookie(answer) };
  }

  whoami(papers: Partial<Papers>, headers: Asking["headers"] = {}): Promise<WebAnswer> {
    return this.ask("GET", "/v1/whoami", { papers, headers });
  }

  async ledger() {
    await this.instance.ledger.drain();
    return readLedgerFiles(`${this.bench.data}/ledger`);
  }
}

interface Asking {
  readonly papers: Partial<Papers>;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** As a browser sends it back: the name and the value. */
export function readCookie({ headers }: WebAnswer): string {
  const [cookie = ""] = headers["set-cookie"] ?? [];
  return cookie.split(";")[0] ?? "";
}

import { execFile, spawn } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findFreePort, findFreePorts } from "@instar/testkit";
import type { CrashPoint, Kill, Victim } from "./crash-point.ts";
import { type Clients, driveClients } from "./drive-clients.ts";
import { type InstanceKind, renderExchange, watchedRequestsOf } from "./instance-kind.ts";
import { readVictims } from "./read-victims.ts";
import { type Census, takeCensus } from "./take-census.ts";

const run = promisify(execFile);
/** The sources, where nobody has bundled them. */
const MAIN = process.env.INSTAR_CRASH_PROGRAM ?? fileURLToPath(new URL("crash-main.ts", import.meta.url));
const AGENT = fileURLToPath(new URL("agent", import.meta.url));
/** The sources are stripped of their types once for all instances, and not at each start of each. */
const COMPILED = fileURLToPath(new URL("../../node_modules/.cache/compiled", import.meta.url));
const LOOK_EVERY_MS = 100;

export type Behaviour = "good" | "misbehaves" | "breaks-state" | "will-not-start" | "fails-smoke" | "fails-tests" | "slow-tests";

export interface Entry {
  readonly update: string;
  readonly versionTo: string;
  readonly kind: string;
  readonly step: string | null;
  readonly outcome: string | null;
  readonly because: string | null;
}

/** A real instance under test: upstream, keeper, daemon, agent, clients, and somebody who starts it again when all are dead. */
export class Bench {
  readonly place: string;
  readonly data: string;
  readonly crash: string;
  readonly state: string;
  readonly witness: string;
  readonly port: number;
  readonly kind: InstanceKind;
  readonly census: Census;
  clients: Clients | undefined;
  readonly behaviours = new Map<string, Behaviour>();
  readonly #agentFolder: string;
  readonly #remote: string;
  /** The agent's own, or the first of two ranges. */
  readonly #agentPort: number;
  readonly #work: string;
  readonly #environment: Record<string, string>;
  #isEnding = false;
  #minding: Promise<void> = Promise.resolve();
  #armed = 0;
  #published = 0;

  private constructor(kind: InstanceKind, place: string, port: number, agentPort: number) {
    this.kind = kind;
    this.#agentPort = agentPort;
    this.place = place;
    this.port = port;
    this.data = join(place, "data", "crash");
    this.crash = join(place, "points");
    this.witness = join(place, "witness");
    this.#agentFolder = join(place, "agent");
    this.state = join(this.#agentFolder, "state");
    this.#remote = join(place, "upstream.git");
    this.#work = join(place, "upstream");
    const { PATH = "", HOME = place } = process.env;
    this.#environment = {
      PATH,
      HOME,
      INSTAR_OPERATOR_PATH: PATH,
      INSTAR_DATA: join(place, "data"),
      NODE_COMPILE_CACHE: COMPILED,
      INSTAR_CRASH_FOLDER: this.crash,
      INSTAR_CRASH_DATA: this.data,
      INSTAR_CRASH_OWNER: String(process.pid),
    };
    this.census = takeCensus(place, { mayBeTwo: kind.strategy === "blue-green" });
  }

  static async create(kind: InstanceKind): Promise<Bench> {
    const agentPort = kind.strategy === "blue-green" ? await findFreePorts(2 * SLOT_PORTS) : await findFreePort();
    const bench = new Bench(kind, mkdtempSync(join(tmpdir(), "instar-crash-")), await findFreePort(), agentPort);
    for (const folder of [bench.#agentFolder, bench.witness, join(bench.crash, "armed"), join(bench.crash, "fired")]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(bench.#agentFolder, "instar.yaml"), JSON.stringify(bench.#settings()));
    for (const folder of [COMPILED, join(bench.data, "cache")]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    symlinkSync(COMPILED, join(bench.data, "cache", "node"));
    cpSync(AGENT, bench.#work, { recursive: true });
    await bench.#git(bench.place, "init", "--quiet", "--bare", "--initial-branch=main", bench.#remote);
    await bench.#git(bench.#work, "init", "--quiet", "--initial-branch=main", ".");
    await bench.publish("good");
    return bench;
  }

  /** Starts the instance, the clients, and the minder that plays the service manager. */
  async begin(): Promise<void> {
    await this.#up();
    this.#minding = this.#mind();
  }

  serve(): Clients {
    this.clients ??= driveClients(this.port, "client");
    return this.clients;
  }

  /** Puts a new version upstream: a patch over the one before. @returns it */
  async publish(behaviour: Behaviour): Promise<string> {
    const version = `1.0.${this.#published}`;
    this.#published += 1;
    this.behaviours.set(version, behaviour);
    const manifest = JSON.parse(readFileSync(join(AGENT, "package.json"), "utf8")) as object;
    writeFileSync(join(this.#work, "package.json"), JSON.stringify({ ...manifest, version }, null, 2));
    writeFileSync(join(this.#work, "behaviour.json"), JSON.stringify({ kind: behaviour }));
    await this.#git(this.#work, "add", "--all");
    await this.#git(
      this.#work,
      "-c",
      "user.name=Upstream",
      "-c",
      "user.email=upstream@example.invalid",
      "commit",
      "--quiet",
      "--message",
      `${version}: ${behaviour}`,
    );
    await this.#git(this.#work, "push", "--quiet", this.#remote, "main");
    return version;
  }

  /** Upstream goes away, and with it what was fetched of it; or comes back. */
  hideUpstream(isHidden: boolean): void {
    const away = `${this.#remote}.away`;
    if (!isHidden && existsSync(away)) renameSync(away, this.#remote);
    if (!isHidden || !existsSync(this.#remote)) return;
    renameSync(this.#remote, away);
    rmSync(join(this.data, "git"), { recursive: true, force: true });
  }

  arm(points: readonly Omit<CrashPoint, "id">[]): void {
    for (const point of points) {
      this.#armed += 1;
      const id = String(this.#armed).padStart(5, "0");
      writeFileSync(join(this.place, "point"), JSON.stringify({ ...point, id }));
      renameSync(join(this.place, "point"), join(this.crash, "armed", id));
    }
  }

  /** Takes away what never came to pass. @returns those points */
  disarm(): CrashPoint[] {
    const folder = join(this.crash, "armed");
    return readdirSync(folder)
      .sort()
      .flatMap((name) => {
        const point = JSON.parse(readFileSync(join(folder, name), "utf8")) as CrashPoint;
        rmSync(join(folder, name), { force: true });
        return [point];
      });
  }

  /** Kills from outside, now. @returns whether there was anybody */
  kill(who: Victim): boolean {
    const pids = readVictims(this.data, who);
    if (pids.length === 0) return false;
    appendFileSync(join(this.crash, "kills.jsonl"), `${JSON.stringify({ atMs: Date.now(), who, pids, why: "from outside" } satisfies Kill)}\n`);
    for (const pid of pids)
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // it ended by itself meanwhile
      }
    return true;
  }

  kills(): Kill[] {
    const path = join(this.crash, "kills.jsonl");
    return existsSync(path)
      ? readFileSync(path, "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as Kill)
      : [];
  }

  /** The journal's entries, oldest first; none while there is no database. */
  journal(): Entry[] {
    const path = join(this.data, "instar.db");
    if (!existsSync(path)) return [];
    try {
      const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
      try {
        const rows = database
          .prepare(
            "SELECT j.update_id AS id, j.kind, j.step, json_extract(s.gives, '$.start.versionTo') AS version, json_extract(j.gives, '$.outcome') AS outcome, json_extract(j.gives, '$.because') AS because FROM journal j JOIN journal s ON s.update_id = j.update_id AND s.seq = 0 ORDER BY j.rowid",
          )
          .all() as { id: string; kind: string; step: string | null; version: string; outcome: string | null; because: string | null }[];
        return rows.map(({ id, version, ...entry }) => ({ update: id, versionTo: version, ...entry }));
      } finally {
        database.close();
      }
    } catch {
      return []; // not made yet, or being recovered
    }
  }

  /** How the update to a version ended; undefined while it has not. */
  outcomeOf(version: string): string | undefined {
    return this.journal().find((entry) => entry.versionTo === version && entry.kind === "ended")?.outcome ?? undefined;
  }

  /** Tells the daemon something. @returns the status; 0 where no daemon answers */
  tell(path: string, body: object): Promise<number> {
    return new Promise((resolve) => {
      let door: { port: number; token: string };
      try {
        door = JSON.parse(readFileSync(join(this.data, "daemon.json"), "utf8")) as typeof door;
      } catch {
        return resolve(0);
      }
      const asked = request(
        {
          host: "127.0.0.1",
          port: door.port,
          method: "POST",
          path,
          agent: false,
          timeout: 10_000,
          headers: { authorization: `Bearer ${door.token}`, "content-type": "application/json" },
        },
        (response) => response.resume().on("close", () => resolve(response.statusCode ?? 0)),
      );
      asked.on("timeout", () => asked.destroy());
      asked.on("error", () => resolve(0));
      asked.end(JSON.stringify(body));
    });
  }

  /** Ends everything; with `keep` the folder stays for whoever wants to look, with what the clients saw. */
  async end(keep = false): Promise<void> {
    this.#isEnding = true;
    await this.#minding;
    await this.clients?.stop();
    await this.#instar("down").catch(() => undefined);
    for (const { pid } of this.census.now())
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // gone
      }
    this.census.stop();
    if (keep) return writeFileSync(join(this.place, "answers.jsonl"), (this.clients?.log ?? []).map((answer) => `${JSON.stringify(answer)}\n`).join(""));
    await run("chmod", ["-R", "u+w", this.place]).catch(() => undefined);
    rmSync(this.place, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Nobody of keeper and daemon lives: a service manager would start it again. */
  async #mind(): Promise<void> {
    let missing = 0;
    while (!this.#isEnding) {
      await pause(LOOK_EVERY_MS);
      const lives = this.census.now().some(({ part }) => part === "keeper" || part === "daemon");
      missing = lives ? 0 : missing + 1;
      if (missing >= 2 && !this.#isEnding) await this.#up().catch(() => undefined);
    }
  }

  #up(): Promise<unknown> {
    return this.#instar("up");
  }

  #instar(command: string): Promise<void> {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, command, "--folder", this.#agentFolder], {
      cwd: this.place,
      env: this.#environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
    });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status) => (status === 0 ? resolve() : reject(new Error(`instar ${command} exited with ${status}: ${said}`))));
    });
  }

  #settings(): object {
    const { kind } = this;
    const isBeside = kind.strategy === "blue-green";
    const first = this.#agentPort;
    return {
      version: 1,
      name: "crash",
      source: { git: this.#remote, branch: "main", checkEvery: "300ms" },
      agent: {
        start: ["node", "server.js"],
        path: this.#environment.PATH?.split(":").filter((folder) => folder !== ""),
        environment: { WITNESS_DIR: this.witness, STATE_KIND: isBeside ? "external" : "exclusive" },
        stopWithin: "5s",
        ...(isBeside
          ? { port: "given", slotPorts: { blue: `${first}-${first + SLOT_PORTS - 1}`, green: `${first + SLOT_PORTS}-${first + 2 * SLOT_PORTS - 1}` } }
          : { port: first }),
      },
      build: { command: ["node", "build.js"], within: "60s" },
      tests: { command: ["node", "check.js"], within: "60s" },
      sandbox: { weaker: "allowed" },
      // Short: a kill within a rehearsal must leave nothing, and what it measures has tests of its own.
      rehearsal: { samples: 20, performance: "off", stays: "100ms" },
      health: { http: { path: "/health" }, readyWithin: "20s" },
      state: { kind: isBeside ? "external" : "exclusive", directory: "./state", variable: "STATE_DIR", writesThatMayBeLost: 1_000_000 },
      // Kills in a row hold requests for as long as they last.
      front: { port: this.port, hold: { time: "10m" }, stickBy: { cookie: "caller" } },
      exchange: renderExchange(kind),
      // Versions misbehave here all the time.
      updates: { automatic: "patch", breaker: 0 },
      watch: { time: "1s", requests: watchedRequestsOf(kind), errorShare: 0.25 },
      keep: { reserve: "1MiB", releases: 4, snapshots: 3 },
    };
  }

  async #git(cwd: string, ...args: string[]): Promise<void> {
    await run("git", args, { cwd, env: { PATH: this.#environment.PATH, HOME: this.place, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" } });
  }
}

/** As many for each slot. */
const SLOT_PORTS = 20;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { get, request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LedgerEntryView, OutputOf, StatusView, UpdateView } from "@instar/protocol";
import { findFreePort } from "@instar/testkit";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** As people install it where a whole run of the tests bundled it; else the sources. */
const MAIN = process.env.INSTAR_TEST_PROGRAM ?? join(root, "packages/instar/src/main.ts");
const AGENTS = { "http-agent": join(root, "examples/http-agent"), "stateless-agent": join(root, "tests/e2e/stateless-agent") };
const AGENT_PATH = (process.env.INSTAR_OPERATOR_PATH ?? process.env.PATH ?? "")
  .split(":")
  .filter((folder) => folder !== "" && !folder.includes("node_modules"));

/** The sources are stripped of their types once for the whole suite, and not at each start of each instance. */
const COMPILED = join(root, "node_modules", ".cache", "compiled");

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real instance of the example agent: a git remote, an agent folder, a data folder, the CLI. Everything ends with `end()`. */
export class TestInstance {
  readonly folder: string;
  readonly remote: string;
  readonly work: string;
  readonly agent: string;
  readonly data: string;
  readonly port: number;
  readonly name = "tested";

  private constructor(folder: string, port: number, dataRoot?: string) {
    this.folder = folder;
    this.remote = join(folder, "remote.git");
    this.work = join(folder, "work");
    this.agent = join(folder, "agent");
    this.data = join(dataRoot ?? join(folder, "data"), this.name);
    this.port = port;
  }

  static async create(options: { settings?: string; dataRoot?: string; agent?: "http-agent" | "stateless-agent" } = {}): Promise<TestInstance> {
    const instance = new TestInstance(mkdtempSync(join(tmpdir(), "instar-e2e-")), await findFreePort(), options.dataRoot);
    mkdirSync(instance.work);
    mkdirSync(instance.agent);
    mkdirSync(COMPILED, { recursive: true });
    mkdirSync(join(instance.data, "cache"), { recursive: true, mode: 0o700 });
    symlinkSync(COMPILED, join(instance.data, "cache", "node"));
    instance.git(instance.folder, "init", "--quiet", "--bare", "--initial-branch=main", instance.remote);
    instance.git(instance.work, "init", "--quiet", "--initial-branch=main", ".");
    cpSync(AGENTS[options.agent ?? "http-agent"], instance.work, { recursive: true });
    instance.commit("1.0.0");
    instance.writeSettings(options.settings ?? "");
    return instance;
  }

  /** @param extra lines of instar.yaml that replace whole sections of the same name */
  writeSettings(extra = ""): void {
    const sections: Record<string, string> = {
      version: "version: 1",
      name: `name: ${this.name}`,
      source: `source: { git: ${this.remote}, branch: main, checkEvery: 500ms }`,
      agent: `agent: { start: [node, server.js], path: ${JSON.stringify(AGENT_PATH)} }`,
      tests: "tests: { command: [node, --test], within: 30s }",
      // These tests must run where there is no sandbox too; what is of the sandbox and of rehearsals has tests of its own.
      sandbox: "sandbox: { weaker: allowed }",
      rehearsal: "rehearsal: { gate: off }",
      health: "health: { http: { path: /health }, readyWithin: 15s }",
      state: "state: { kind: exclusive, directory: ./state, variable: STATE_DIR }",
      front: `front: { port: ${this.port} }`,
      updates: "updates: { automatic: patch }",
      analysis: "analysis: { checks: { types: off, style: off } }",
      watch: "watch: { time: 300ms, requests: 0 }",
      keep: "keep: { reserve: 2MiB }",
    };
    for (const line of extra
      .replace("port: PORT", `port: ${this.port}`)
      .split("\n")
      .filter((each) => each !== ""))
      sections[line.slice(0, line.indexOf(":"))] = line;
    writeFileSync(join(this.agent, "instar.yaml"), `${Object.values(sections).join("\n")}\n`);
  }

  /** Changes files of the agent (`null` removes one), gives it a version, and pushes. */
  publish(version: string, files: Readonly<Record<string, string | null | ((text: string) => string)>> = {}): string {
    for (const [file, change] of Object.entries(files)) {
      const path = join(this.work, file);
      if (change === null) rmSync(path);
      else {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, typeof change === "string" ? change : change(readFileSync(path, "utf8")));
      }
    }
    for (const file of ["package.json", "answer.js", "version.js"]) {
      const path = join(this.work, file);
      if (existsSync(path)) writeFileSync(path, readFileSync(path, "utf8").replace(/version(": | = )"[^"]+"/, `version$1"${version}"`));
    }
    return this.commit(version);
  }

  commit(message: string): string {
    this.git(this.work, "add", "--all");
    this.git(this.work, "commit", "--quiet", "--allow-empty", "--message", message);
    this.git(this.work, "push", "--quiet", "--force", this.remote, "main");
    return this.git(this.work, "rev-parse", "HEAD").trim();
  }

  git(cwd: string, ...args: string[]): string {
    return execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", ...args], {
      cwd,
      encoding: "utf8",
      env: { PATH: process.env.PATH, HOME: cwd, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
    });
  }

  /** Runs the CLI to its end, as a person would. */
  cli(...args: string[]): Ran {
    return this.cliWith({}, "", ...args);
  }

  /** The same, by a token instead of the instance's own door. */
  cliAs(token: string | undefined, ...args: string[]): Ran {
    return this.cliWith(token === undefined ? {} : { INSTAR_TOKEN: token }, "", ...args);
  }

  /** The same with more in its environment, and with standard input. */
  cliWith(environment: Readonly<Record<string, string>>, input: string, ...args: string[]): Ran {
    const [program, ...argv] = this.command(...args);
    const { status, stdout, stderr } = spawnSync(program, argv, {
      encoding: "utf8",
      timeout: 120_000,
      input,
      env: { ...environment, ...this.environment() },
    });
    return { status: status ?? -1, stdout, stderr };
  }

  /** How the CLI is started by hand, for what goes on until it is ended. */
  command(...args: string[]): readonly [string, ...string[]] {
    return [process.execPath, "--disable-warning=ExperimentalWarning", MAIN, ...args, "--folder", this.agent];
  }

  environment(): Readonly<Record<string, string | undefined>> {
    return {
      PATH: process.env.PATH,
      HOME: this.folder,
      INSTAR_DATA: dirname(this.data),
      NODE_COMPILE_CACHE: COMPILED,
      INSTAR_OPERATOR_PATH: AGENT_PATH.join(":"),
      USER: "tester",
      TMPDIR: this.folder,
    };
  }

  json<T>(...args: string[]): T {
    return this.jsonAs(undefined, ...args);
  }

  jsonAs<T>(token: string | undefined, ...args: string[]): T {
    const ran = this.cliAs(token, ...args, "--json");
    try {
      return JSON.parse(ran.stdout) as T;
    } catch {
      throw new Error(`instar ${args.join(" ")} exited ${ran.status} and printed: ${ran.stdout}${ran.stderr}`);
    }
  }

  status(): StatusView {
    return this.json<StatusView>("status");
  }

  updates(): UpdateView[] {
    return this.json<{ updates: UpdateView[] }>("update", "list").updates;
  }

  /** Starts it and waits until the first version serves and was committed. */
  async start(): Promise<void> {
    const ran = this.cli("up");
    if (ran.status !== 0) throw new Error(`up exited ${ran.status}: ${ran.stderr}${this.log("keeper")}${this.log("daemon")}`);
    const first = await this.ended("1.0.0");
    if (first.outcome !== "committed") throw new Error(`the first version is ${first.outcome}: ${first.because}`);
  }

  /** The update to a version, once it has ended. */
  async ended(version: string): Promise<UpdateView> {
    return until(`the update to ${version} has ended`, async () => {
      const update = await this.ask<{ updates: UpdateView[] }>("GET", "/v1/update/list").then(
        (answer) => answer.updates.find((each) => each.versionTo === version),
        () => undefined,
      );
      return update !== undefined && (update.outcome !== null || update.state === "error") ? update : undefined;
    }).catch((error: Error) => {
      throw new Error(`${error.message}; the daemon says: ${this.log("daemon").slice(-1_500)}`);
    });
  }

  /** Asks the daemon's HTTP face: quicker than the CLI where a test polls. */
  ask<T>(method: string, path: string, input?: unknown): Promise<T> {
    const door = JSON.parse(readFileSync(join(this.data, "daemon.json"), "utf8")) as { port: number; token: string };
    return new Promise((resolve, reject) => {
      const asked = request(
        { host: "127.0.0.1", port: door.port, path, method, agent: false, headers: { authorization: `Bearer ${door.token}` } },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => {
            text += chunk;
          });
          response.on("end", () => (response.statusCode === 200 ? resolve(JSON.parse(text) as T) : reject(new Error(text))));
        },
      );
      asked.on("error", reject).end(input === undefined ? undefined : JSON.stringify(input));
    });
  }

  /** Asks as whoever has this token does, and gives the answer whatever it is. */
  async askAs(token: string, method: "GET" | "POST", path: string, input?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
    const { port } = JSON.parse(readFileSync(join(this.data, "daemon.json"), "utf8")) as { port: number };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      // A line that was kept open may be closed just when it is asked on: whoever asks here wants an answer.
      headers: { authorization: `Bearer ${token}`, connection: "close" },
      ...(input === undefined ? {} : { body: JSON.stringify(input) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  /** The daemon's own word, for waiting: a CLI that starts again and again would take the processor from what it waits for. Undefined while it is away. */
  statusNow(): Promise<StatusView | undefined> {
    return this.ask<StatusView>("GET", "/v1/status").catch(() => undefined);
  }

  updatesNow(): Promise<UpdateView[]> {
    return this.ask<{ updates: UpdateView[] }>("GET", "/v1/update/list").then(
      ({ updates }) => updates,
      () => [],
    );
  }

  /** What the agent answers through the front; undefined where nothing does. */
  served(): Promise<{ status: number; version: string | undefined } | undefined> {
    return new Promise((resolve) => {
      get({ host: "127.0.0.1", port: this.port, path: "/", agent: false, timeout: 40_000 }, (response) => {
        response.resume();
        response.on("end", () => resolve({ status: response.statusCode ?? 0, version: response.headers["x-agent-version"]?.toString() }));
        response.on("error", () => resolve(undefined));
      }).on("error", () => resolve(undefined));
    });
  }

  /** Writes through the front; gives the number that the agent acknowledged. */
  write(text: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port: this.port, path: "/writes", method: "POST", agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          body += chunk;
        });
        response.on("end", () =>
          response.statusCode === 201 ? resolve((JSON.parse(body) as { number: number }).number) : reject(new Error(`${response.statusCode} ${body}`)),
        );
      });
      asked.on("error", reject).end(text);
    });
  }

  pids(): { keeper: number; daemon: number; agent: number | null } {
    const read = (path: string) => JSON.parse(readFileSync(join(this.data, path), "utf8"));
    const state = read("keeper/state.json");
    return {
      keeper: read("keeper/control.json").pid,
      daemon: read("daemon.json").pid,
      agent: state.routed === null ? null : state.slots[state.routed].process.pid,
    };
  }

  written(): string {
    return existsSync(join(this.agent, "state/writes.log")) ? readFileSync(join(this.agent, "state/writes.log"), "utf8") : "";
  }

  /** Every entry of the ledger, the oldest first. */
  ledger(): LedgerEntryView[] {
    return this.json<OutputOf<"audit.list">>("audit", "list", "--limit", "1000").entries.toReversed();
  }

  /** `agent`: of every release that ran, one after the other. */
  log(of: "keeper" | "daemon" | "agent"): string {
    const logs = join(this.data, "logs");
    const names = existsSync(logs) ? readdirSync(logs).filter((name) => name === `${of}.log` || name.startsWith(`${of}-`)) : [];
    return names.map((name) => readFileSync(join(logs, name), "utf8")).join("");
  }

  end(): void {
    const ran = this.cli("down");
    if (ran.status !== 0 && ran.status !== 2) throw new Error(`down exited ${ran.status}: ${ran.stderr}`);
    spawnSync("chmod", ["-R", "u+w", this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Asks until there is an answer, for as long as a slow machine may take. */
export async function until<T>(what: string, ask: () => Promise<T | undefined> | T | undefined, withinMs = 120_000): Promise<T> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > untilMs) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Processes whose command line or environment names `text`. Linux only. */
export function processesNaming(text: string): number[] {
  const found: number[] = [];
  for (const pid of execFileSync("ls", ["/proc"], { encoding: "utf8" }).split("\n")) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    try {
      if (readFileSync(`/proc/${pid}/environ`, "latin1").includes(text) || readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(text))
        found.push(Number(pid));
    } catch {
      // It ended between the listing and the reading.
    }
  }
  return found;
}

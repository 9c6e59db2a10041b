import { execFile, execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DoctorView, StatusView, UpdateView } from "@instar/protocol";
import { parseDocument } from "yaml";

const MAIN = fileURLToPath(new URL("../../packages/instar/src/main.ts", import.meta.url));
/** Of any one command, also of one that follows an update to its end. */
const COMMAND_MS = 900_000;

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Job {
  readonly id: string;
  readonly name: string;
}

/** An OpenClaw under Instar as its operator has it: a folder under git, an Instar that is only spoken to by its CLI, a Node that is the operator's own. */
export class OpenClawBench {
  readonly root = mkdtempSync(join(tmpdir(), "instar-openclaw-"));
  readonly agent = join(this.root, "claw");
  readonly port: number;
  /** Where this machine's npm finds its registry and what it needs to trust it: an operator's home and Node of the test's own know neither. */
  readonly registry = readRegistry();
  readonly #environment: Record<string, string>;
  readonly #versions = new Map<string, string | undefined>();

  constructor(port: number) {
    this.port = port;
    const runtime = join(this.root, "runtime", "bin");
    for (const folder of [runtime, this.agent, join(this.root, "home"), join(this.root, "tmp")]) mkdirSync(folder, { recursive: true });
    copyFileSync(process.execPath, join(runtime, "node"));
    chmodSync(join(runtime, "node"), 0o755);
    mkdirSync(join(this.root, "runtime", "etc"));
    const lines = Object.entries(this.registry).filter(([name]) => name.startsWith("npm_config_"));
    writeFileSync(join(this.root, "runtime", "etc", "npmrc"), lines.map(([name, value]) => `${name.replace("npm_config_", "")}=${value}\n`).join(""));
    const path = [runtime, "/usr/local/bin", "/usr/bin", "/bin"].join(":");
    this.#environment = {
      PATH: path,
      INSTAR_OPERATOR_PATH: path,
      INSTAR_DATA: join(this.root, "data"),
      HOME: join(this.root, "home"),
      USER: "operator",
      TMPDIR: join(this.root, "tmp"),
      NO_COLOR: "1",
      GIT_CONFIG_NOSYSTEM: "1",
      ...this.registry,
      ...Object.fromEntries(
        ["AUTHOR", "COMMITTER"].flatMap((who) => [
          [`GIT_${who}_NAME`, "Operator"],
          [`GIT_${who}_EMAIL`, "operator@example.invalid"],
        ]),
      ),
    };
  }

  get data(): string {
    return join(this.root, "data", "claw");
  }

  /** Runs Instar's CLI to its end, as a person would; this process goes on meanwhile. */
  cli(...args: string[]): Promise<Ran> {
    return run(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args, "--folder", this.agent], this.#environment, this.agent);
  }

  async json<T>(...args: string[]): Promise<T> {
    const ran = await this.cli(...args, "--json");
    try {
      return JSON.parse(ran.stdout) as T;
    } catch {
      throw new Error(`instar ${args.join(" ")} exited with ${ran.status} and said: ${ran.stdout}${ran.stderr}`);
    }
  }

  status(): Promise<StatusView> {
    return this.json<StatusView>("status");
  }

  doctor(): Promise<DoctorView> {
    return this.json<DoctorView>("doctor");
  }

  async newestUpdate(): Promise<UpdateView | undefined> {
    const { updates } = await this.json<{ updates: UpdateView[] }>("update", "list");
    return updates[0] === undefined ? undefined : this.json<UpdateView>("update", "show", updates[0].id);
  }

  /** Runs what `instar init` says comes next, with a version in the place of the newest. */
  shell(line: string): void {
    const { status, stderr } = spawnSync("/bin/sh", ["-c", line], { cwd: this.agent, env: this.#environment, encoding: "utf8", timeout: COMMAND_MS });
    if (status !== 0) throw new Error(`${line} exited with ${status}: ${stderr.slice(-500)}`);
  }

  /** A new version: a commit that bumps the pin. */
  bump(version: string): void {
    this.shell(`npm install --package-lock-only --ignore-scripts --no-audit --no-fund --save-exact openclaw@${version}`);
    this.shell(`npm pkg set version=${version}`);
    this.shell(`git commit --quiet --all --message ${version}`);
  }

  /** Another version of the folder with the same OpenClaw. */
  commit(message: string, change: (manifest: { scripts?: Record<string, string> }) => void): void {
    const path = join(this.agent, "package.json");
    const manifest = JSON.parse(readFileSync(path, "utf8"));
    change(manifest);
    writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
    this.shell(`git commit --quiet --all --message "${message}"`);
  }

  /** What the operator writes into instar.yaml by hand. */
  setting(path: readonly string[], value: unknown): void {
    const file = join(this.agent, "instar.yaml");
    const document = parseDocument(readFileSync(file, "utf8"));
    document.setIn(path, value);
    writeFileSync(file, document.toString({ lineWidth: 0 }));
  }

  /** Where the release that runs lies, read from what Instar says. */
  async treeOfRunning(): Promise<string> {
    const { agent } = await this.status();
    return join(this.data, "releases", agent.release ?? "", "tree");
  }

  /** Which release's page it is: each names other files. */
  versionOf(page: string): string | undefined {
    const releases = join(this.data, "releases");
    const script = /assets\/index-[\w-]+\.js/.exec(page)?.[0];
    if (script === undefined) return undefined;
    this.#versions.set(
      script,
      this.#versions.get(script) ??
        readdirSync(releases)
          .find((id) => existsSync(join(releases, id, "tree/node_modules/openclaw/dist/control-ui", script)))
          ?.replace(/-.*$/, ""),
    );
    return this.#versions.get(script);
  }

  /** OpenClaw's own CLI, of the release that runs, through the front. */
  async openclaw(...args: string[]): Promise<unknown> {
    const tree = await this.treeOfRunning();
    const { gateway } = JSON.parse(readFileSync(join(this.agent, "state", "openclaw.json"), "utf8"));
    const environment = { ...this.#environment, OPENCLAW_STATE_DIR: join(this.agent, "state"), OPENCLAW_SUPERVISOR_MODE: "external" };
    const words = [join(tree, "node_modules/openclaw/openclaw.mjs"), ...args, "--url", `ws://127.0.0.1:${this.port}`, "--token", gateway.auth.token, "--json"];
    const { status, stdout, stderr } = await run(join(this.root, "runtime/bin/node"), words, environment, this.agent);
    if (status !== 0) throw new Error(`openclaw ${args.join(" ")} exited with ${status}: ${(stderr || stdout).slice(-500)}`);
    return JSON.parse(stdout.slice(stdout.indexOf("{")));
  }

  async jobs(): Promise<Job[]> {
    return ((await this.openclaw("cron", "list")) as { jobs: Job[] }).jobs;
  }

  log(of: "keeper" | "daemon"): string {
    const path = join(this.data, "logs", `${of}.log`);
    return existsSync(path) ? readFileSync(path, "utf8").slice(-2_000) : "";
  }

  /** Ends everything and leaves nothing behind. Blocks: it is also what a signal does. */
  end(): void {
    const argv = ["--disable-warning=ExperimentalWarning", MAIN, "down", "--folder", this.agent];
    if (existsSync(join(this.agent, "instar.yaml"))) spawnSync(process.execPath, argv, { env: this.#environment, timeout: 120_000 });
    execFileSync("chmod", ["-R", "u+w", this.root]);
    rmSync(this.root, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[], env: Record<string, string>, cwd: string): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(program, args, { env, cwd, encoding: "utf8", maxBuffer: 64 * 1_048_576, timeout: COMMAND_MS }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr }),
    );
  });
}

function readRegistry(): Record<string, string> {
  const said = (key: string) =>
    spawnSync("npm", ["config", "get", key], { encoding: "utf8" })
      .stdout?.trim()
      .replace(/^(null|undefined)$/, "") ?? "";
  const authorities = process.env.NODE_EXTRA_CA_CERTS ?? "";
  const settings = { npm_config_registry: said("registry"), npm_config_cafile: said("cafile") || authorities, NODE_EXTRA_CA_CERTS: authorities };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ""));
}

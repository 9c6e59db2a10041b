import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { sleep, until } from "./bench-clock.ts";

/** Where a part of the bench does its work: a temporary folder, and the processes that were started for it. All of it ends with `end()`. */
export class Place {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly #children = new Set<ChildProcess>();
  readonly #endings: (() => Promise<void>)[] = [];

  constructor(name: string, signal: AbortSignal) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), `instar-bench-${name}-`)));
    this.signal = signal;
  }

  /** Starts a program that stays; its output goes to `<name>.log`. */
  start(name: string, argv: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
    return this.#start(name, argv, environment, []);
  }

  /** Starts one of the bench's own modules and waits for its first message, in which it says where it is. */
  async startModule<Said>(name: string, path: string, args: readonly string[] = []): Promise<{ child: ChildProcess; said: Said }> {
    const child = this.#start(name, [process.execPath, "--disable-warning=ExperimentalWarning", path, ...args], {}, ["ipc"]);
    const said = await new Promise<Said>((resolve, reject) => {
      child.once("message", (message) => resolve(message as Said));
      child.once("error", reject);
      child.once("exit", () => reject(new Error(`${name} did not start: ${this.lastWords(name)}`)));
    });
    return { child, said };
  }

  #start(name: string, argv: readonly string[], environment: Readonly<Record<string, string>>, more: readonly "ipc"[]): ChildProcess {
    this.signal.throwIfAborted();
    const [program = "", ...args] = argv;
    const log = openSync(join(this.folder, `${name}.log`), "a");
    const child = spawn(program, args, { cwd: this.folder, env: plainEnvironment(environment), stdio: ["ignore", log, log, ...more] });
    closeSync(log);
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    child.once("error", () => this.#children.delete(child));
    return child;
  }

  /** Runs a program to its end and gives what it printed. @throws Error where it fails, with its last words */
  run(argv: readonly string[], options: { cwd?: string; environment?: Readonly<Record<string, string>> } = {}): Promise<string> {
    const [program = "", ...args] = argv;
    this.signal.throwIfAborted();
    const child = spawn(program, args, {
      cwd: options.cwd ?? this.folder,
      env: plainEnvironment(options.environment),
      stdio: ["ignore", "pipe", "pipe"],
      signal: this.signal,
    });
    this.#children.add(child);
    return new Promise((resolve, reject) => {
      const said: Record<"stdout" | "stderr", string> = { stdout: "", stderr: "" };
      for (const stream of ["stdout", "stderr"] as const)
        child[stream].setEncoding("utf8").on("data", (text: string) => {
          said[stream] += text;
        });
      child.once("error", reject);
      child.once("close", (status, signal) => {
        this.#children.delete(child);
        if (status === 0) resolve(said.stdout);
        else reject(new Error(`${argv.join(" ").slice(0, 300)} ended with ${status ?? signal}: ${`${said.stdout}${said.stderr}`.trim().slice(-600)}`));
      });
    });
  }

  /** The same for endings, which come also after an interruption; what it says does not matter any more. */
  async runAtEnd(argv: readonly string[], environment: Readonly<Record<string, string>>): Promise<void> {
    const [program = "", ...args] = argv;
    const child = spawn(program, args, { cwd: this.folder, env: plainEnvironment(environment), stdio: "ignore", detached: true });
    await Promise.race([new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", () => resolve())), sleep(ENDING_WITHIN_MS)]);
    await endProcess(child);
  }

  /** What a program that `start` started has said last. */
  lastWords(name: string): string {
    const path = join(this.folder, `${name}.log`);
    return existsSync(path) ? readFileSync(path, "utf8").trim().slice(-600) : "";
  }

  /** Something that must be ended in a manner of its own, before the processes are. The last one first. */
  onEnd(ending: () => Promise<void>): void {
    this.#endings.push(ending);
  }

  async end(): Promise<void> {
    for (const ending of this.#endings.toReversed()) await ending().catch((error: unknown) => process.stderr.write(`bench: ${String(error)}\n`));
    await Promise.all([...this.#children].map(endProcess));
    makeRemovable(this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const ENDING_WITHIN_MS = 30_000;
const ENDS_WITHIN_MS = 3_000;

/** SIGTERM, a moment, SIGKILL. Resolves when it is gone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  await Promise.race([gone, sleep(ENDS_WITHIN_MS)]);
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await gone;
}

/** For processes that are not our children, by id. */
export async function endPid(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, "SIGTERM");
  await until(`process ${pid} to end`, () => (isAlive(pid) ? undefined : true), undefined, 50, ENDS_WITHIN_MS).catch(() => {
    if (isAlive(pid)) process.kill(pid, "SIGKILL");
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Where a program is on the PATH (or in Debian's folder for daemons, which people's PATHs leave out). */
export function findProgram(name: string): string | undefined {
  return [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"].map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Nothing of npm's, of a debugger's or of another Instar's reaches what is measured. */
function plainEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const names = ["PATH", "LANG", "TMPDIR", "USER"];
  return { ...Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))), ...more };
}

/** Releases are sealed read-only. */
function makeRemovable(folder: string): void {
  if (!existsSync(folder)) return;
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) makeRemovable(join(folder, entry.name));
}

import { join } from "node:path";
import type { Clock } from "../platform/clock.ts";
import { readJsonFile, writeFileDurably } from "../platform/durable-files.ts";
import { isSameProcess, type ProcessIdentity, readProcessIdentity } from "../platform/process-identity.ts";
import { spawnDetached } from "../platform/spawn-detached.ts";
import { withReserve } from "../platform/with-reserve.ts";

export interface DaemonMinderOptions {
  readonly folder: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

/** Pauses before a daemon that ended is started again; the last is repeated. A daemon that lived a minute begins at the first. */
const PAUSES_MS = [100, 500, 2_000, 10_000] as const;
const LONG_LIFE_MS = 60_000;

/** Holds the daemon to running: adopts one that lives, starts one that does not. The agent notices neither. */
export class DaemonMinder {
  readonly #options: DaemonMinderOptions;
  readonly #path: string;
  #identity: ProcessIdentity | undefined;
  #adopted = false;
  #deaths = 0;
  #startedMs = 0;
  #nextStartMs = 0;

  constructor(options: DaemonMinderOptions) {
    this.#options = options;
    this.#path = join(options.folder, "keeper", "daemon.json");
  }

  async tend(): Promise<void> {
    const { clock, say } = this.#options;
    if (!this.#adopted) {
      this.#adopted = true;
      const known = (await readJsonFile(this.#path).catch(() => undefined)) as ProcessIdentity | undefined;
      if (known !== undefined && (await isSameProcess(known))) this.#identity = known;
    }
    if (this.#identity !== undefined && (await isSameProcess(this.#identity))) return;
    const nowMs = clock.monotonicMs();
    if (this.#identity !== undefined) {
      this.#identity = undefined;
      this.#deaths = nowMs - this.#startedMs > LONG_LIFE_MS ? 1 : this.#deaths + 1;
      this.#nextStartMs = nowMs + (PAUSES_MS[Math.min(this.#deaths, PAUSES_MS.length) - 1] ?? 0);
      say("the daemon ended; starting it again");
    }
    if (nowMs < this.#nextStartMs) return;
    this.#startedMs = nowMs;
    try {
      await this.#spawn();
    } catch (error) {
      this.#nextStartMs = nowMs + 1_000;
      say(`the daemon could not be started: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #spawn(): Promise<void> {
    const { argv, cwd, environment, folder } = this.#options;
    const log = join(folder, "logs", "daemon.log");
    const keeper = await readProcessIdentity(process.pid);
    this.#identity = await spawnDetached({
      argv,
      cwd,
      environment: { ...environment, INSTAR_KEEPER: JSON.stringify(keeper) },
      stdoutPath: log,
      stderrPath: log,
      beforeGo: (identity) => withReserve(folder, () => writeFileDurably(this.#path, JSON.stringify(identity))),
    });
  }

  /** Ends the daemon alone, not its tree: a daemon that had to start this keeper is its parent, and its jobs end with it anyway. */
  async stop(): Promise<void> {
    const identity = this.#identity;
    if (identity === undefined) return;
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      for (let look = 0; look < 25; look += 1) {
        if (!(await isSameProcess(identity))) return;
        if (look === 0) process.kill(identity.pid, signal);
        await this.#options.clock.sleep(100);
      }
    }
  }
}

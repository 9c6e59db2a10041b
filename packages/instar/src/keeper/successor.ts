import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Server } from "node:net";
import { InstarError, parseProblem } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import type { FrontCounts } from "./front/front-counts.ts";
import { HandOverLine, type PredecessorSays, type SuccessorSays } from "./hand-over-line.ts";

export interface SuccessorOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A slow disk is no reason to give up: until the successor is ready everything goes on as ever. */
const READY_WITHIN_MS = 30_000;
/** From the lock's release on nobody tends the agent. */
const TAKE_WITHIN_MS = 10_000;
const LAST_WORDS_MS = 500;

/** The keeper that is to replace this one, as seen from here. It dies with this process unless it was told to take. */
export class Successor {
  readonly line: HandOverLine<SuccessorSays, PredecessorSays>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #until: AbortSignal;
  readonly #kill = () => void this.#child.kill("SIGKILL");
  /** Rejects, with why, when it refuses or ends. */
  readonly #failed: Promise<never>;
  readonly ended: Promise<void>;

  private constructor(child: ChildProcess, clock: Clock, until: AbortSignal) {
    this.#child = child;
    this.#clock = clock;
    this.#until = until;
    until.addEventListener("abort", this.#kill);
    this.line = new HandOverLine({
      get connected() {
        return child.connected;
      },
      on: (event, listener) => child.on(event, listener),
      once: (event, listener) => child.once(event, listener),
      send: (words, socket, flushed) => child.send(words, socket, undefined, flushed),
      disconnect: () => child.disconnect(),
    });
    const exited = once(child, "exit");
    this.ended = exited.then(() => undefined);
    this.#failed = new Promise((_, reject) => {
      this.line.on("refused", ({ problem }) => reject(parseProblem(problem)));
      const say = ([status, signal]: readonly unknown[]) =>
        reject(
          new InstarError("PLATFORM_FAILED", `the new keeper ended (${signal ?? `status ${status}`})`, {
            advice: "`instar logs keeper` shows its last words.",
          }),
        );
      // Its reason, where it gave one, may still be on the line; a line over which a socket went is not always seen to end.
      void exited.then(async (how) => {
        await this.#clock.sleep(LAST_WORDS_MS, this.line.cut).catch(() => undefined);
        say(how);
      });
    });
    this.#failed.catch(() => undefined);
  }

  /**
   * Starts it and waits until its code and settings are loaded. It writes where this process writes.
   * @param until aborted when nobody is to follow: it is killed, unless it has been let go
   * @throws InstarError why it cannot take over; then it is gone
   */
  static async start({ argv, cwd, environment }: SuccessorOptions, clock: Clock, until: AbortSignal): Promise<Successor> {
    const [file = "", ...rest] = argv;
    // A session of its own: what a terminal sends to this process's group is not meant for it.
    const child = spawn(file, rest, { cwd, env: { ...environment }, detached: true, windowsHide: true, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    if (child.pid === undefined) {
      const [cause] = await once(child, "error");
      throw new InstarError("PLATFORM_FAILED", `${file} could not be started`, { cause, facts: { cwd } });
    }
    const successor = new Successor(child, clock, until);
    try {
      await successor.#heard("ready", READY_WITHIN_MS);
      return successor;
    } catch (error) {
      await successor.kill();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /**
   * Gives it the turn; resolves when it has taken everything.
   * @param listener what listens on the public port; it is handed over when it is asked for, and goes on listening here
   * @throws InstarError why it did not; it may live
   */
  async take(
    counts: FrontCounts | null,
    listening: { readonly host: string; readonly port: number } | null,
    listener: () => Server | undefined,
  ): Promise<void> {
    this.line.on("give-socket", () => void this.line.say({ say: "socket" }, listener()));
    const took = this.#heard("took", TAKE_WITHIN_MS);
    void this.line.say({ say: "take", counts, listening });
    await took;
  }

  /** Lets go for good; resolves when it can be reached. @throws InstarError where it ended before */
  async letGo(): Promise<void> {
    this.#until.removeEventListener("abort", this.#kill);
    const reachable = this.#heard("reachable", TAKE_WITHIN_MS);
    void this.line.say({ say: "yours" });
    await reachable;
  }

  /** Resolves once it is gone, and its hold on the lock with it. */
  async kill(): Promise<void> {
    this.#until.removeEventListener("abort", this.#kill);
    this.#kill();
    await this.ended;
  }

  /** This process may end without it. */
  leave(): void {
    this.line.hangUp();
    this.#child.unref();
  }

  async #heard(word: "ready" | "took" | "reachable", withinMs: number): Promise<void> {
    const done = new AbortController();
    const heard = new Promise<void>((resolve) => {
      this.line.on(word, () => resolve());
    });
    const late = this.#clock.sleep(withinMs, done.signal).then(() => {
      throw new InstarError("TIMED_OUT", `the new keeper did not say '${word}' within ${withinMs / 1_000} s`);
    });
    late.catch(() => undefined);
    try {
      await Promise.race([heard, this.#failed, late]);
    } finally {
      done.abort();
    }
  }
}

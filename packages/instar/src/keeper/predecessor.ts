import { Server } from "node:net";
import { InstarError, renderProblem } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import type { FrontCounts } from "./front/front-counts.ts";
import { HandOverLine, type Peer, type PredecessorSays, type SuccessorSays } from "./hand-over-line.ts";

/** What there is to take over. */
export interface Turn {
  /** What was counted up to now; null where there is no front. */
  readonly counts: FrontCounts | null;
  /** Where the socket that may be asked for listens. */
  readonly listening: { readonly host: string; readonly port: number } | null;
}

export interface PredecessorOptions {
  readonly peer: Peer;
  readonly pid: number;
  readonly clock: Clock;
}

/**
 * The keeper that this one replaces, as seen from here. Until it has said `take`, its end is ours too: somebody else starts a keeper.
 * From then on its end is no reason to stop, whenever it comes.
 */
export class Predecessor {
  readonly pid: number;
  readonly #line: HandOverLine<PredecessorSays, SuccessorSays>;
  readonly #clock: Clock;
  readonly #gone = Promise.withResolvers<{ isWell: boolean }>();
  #isGone = false;
  #connections = 0;

  constructor({ peer, pid, clock }: PredecessorOptions) {
    this.pid = pid;
    this.#line = new HandOverLine(peer);
    this.#clock = clock;
    void this.gone.then(() => {
      this.#isGone = true;
      this.#line.hangUp();
    });
  }

  /** Says that code and settings are loaded, and waits for the turn. @throws InstarError CANCELLED where the other one ended before */
  async turn(): Promise<Turn> {
    const taken = new Promise<Turn>((resolve, reject) => {
      this.#line.on("take", resolve);
      whenAborted(this.#line.cut, () => reject(new InstarError("CANCELLED", `keeper ${this.pid}, which was to be replaced, is gone`)));
    });
    await this.#line.say({ say: "ready" });
    return taken;
  }

  /**
   * Asks for the listening socket and hands it to `listen` in the moment it comes.
   * @returns false where the other one is gone, and its socket with it
   */
  async listenOn(listen: (socket: Server) => Promise<unknown>): Promise<boolean> {
    const listens = new Promise<boolean>((resolve, reject) => {
      this.#line.on("socket", (_, socket) => {
        if (socket instanceof Server) listen(socket).then(() => resolve(true), reject);
        else resolve(false);
      });
      whenAborted(this.#line.cut, () => resolve(false));
    });
    await this.#line.say({ say: "give-socket" });
    return listens;
  }

  /** Says that everything is taken; resolves when the other one has let go for good, or is gone. */
  async took(): Promise<void> {
    const yours = new Promise<void>((resolve) => {
      this.#line.on("yours", () => resolve());
      whenAborted(this.#line.cut, resolve);
    });
    await this.#line.say({ say: "took" });
    return yours;
  }

  /**
   * Says where this keeper's door is, and listens to what the other one still counts.
   * @param withinMs how long it may take to answer what is in flight; then it is killed
   */
  follow(withinMs: number, on: { readonly counted: (counts: FrontCounts) => void; readonly end: (keepAgent: boolean) => void }): void {
    const late = new AbortController();
    this.#line.on("counted", ({ counts, connections }) => {
      this.#connections = connections;
      if (counts !== null) on.counted(counts);
    });
    this.#line.on("done", ({ counts }) => {
      if (counts !== null) on.counted(counts);
      this.#gone.resolve({ isWell: true });
    });
    this.#line.on("end", ({ keepAgent }) => on.end(keepAgent));
    // What was said before the line was cut has been heard, so a `done` comes first.
    whenAborted(this.#line.cut, () => this.#gone.resolve({ isWell: false }));
    void this.gone.then(() => late.abort());
    void this.#clock.sleep(withinMs + SLACK_MS, late.signal).then(
      () => process.kill(this.pid, "SIGKILL"),
      () => undefined,
    );
    void this.#line.say({ say: "reachable" });
  }

  /** Resolves when it answers nothing any longer: only then does this keeper's picture of what is in flight hold. */
  get gone(): Promise<{ isWell: boolean }> {
    return this.#gone.promise;
  }

  /** Tells it not to wait for its clients, and waits for its end. */
  async hurry(): Promise<void> {
    await this.#line.say({ say: "hurry" });
    await this.gone;
  }

  /** Why this process will not take over. Nothing is heard or said after it. */
  async refuse(error: unknown): Promise<void> {
    await this.#line.say({ say: "refused", problem: renderProblem(error) });
    this.#line.hangUp();
  }

  /** For `status`; null once it is gone. */
  describe(): string | null {
    return this.#isGone ? null : `keeper ${this.pid} was replaced and answers what is in flight (${this.#connections} connections)`;
  }
}

/** It cuts what is left at its own deadline; this much later something is wrong with it. */
const SLACK_MS = 10_000;

function whenAborted(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
}

import type { SimulatedClock } from "@instar/testkit";
import type { Command } from "../settings/settings.ts";
import type { Answer, EventLoopDelay, Question, RehearsedAgent, RunAnswer, Usage } from "./rehearsed-agent.ts";

export interface Script {
  readonly version?: string;
  /** `silent` says nothing; a number is a status; text is a 200. */
  readonly answer?: (question: Question, count: number) => ScriptedAnswer;
  /** How long its nth answer takes. */
  readonly tookMs?: (count: number) => number;
  readonly run?: (command: Command) => RunAnswer;
  /** Ends by itself at this question. */
  readonly diesAt?: number;
  readonly residentBytes?: (reading: number) => number;
  readonly cpuMsPerRequest?: (count: number) => number;
  readonly loopMs?: (reading: number) => number | undefined;
  readonly log?: string;
}

export type ScriptedAnswer =
  | "silent"
  | number
  | string
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };

/** A rehearsed version in a scripted world: its answers take as long as the script says, on the test's own clock. */
export class SimulatedAgent implements RehearsedAgent {
  readonly version: string;
  readonly asked: Question[] = [];
  readonly ran: Command[] = [];
  readonly #script: Script;
  readonly #clock: SimulatedClock;
  #cpuMs = 0;
  #readings = 0;
  #loops = 0;

  constructor(clock: SimulatedClock, script: Script = {}) {
    this.#clock = clock;
    this.#script = script;
    this.version = script.version ?? "1.0.0";
  }

  async ask(question: Question): Promise<Answer> {
    const count = this.asked.push(question);
    const tookMs = Math.min(this.#script.tookMs?.(count) ?? 5, question.timeoutMs);
    this.#clock.advance(tookMs);
    this.#cpuMs += this.#script.cpuMsPerRequest?.(count) ?? 1;
    if (!this.isAlive()) return { kind: "silent", because: "connect ECONNREFUSED", tookMs };
    const answer = this.#script.answer?.(question, count) ?? "{}";
    if (answer === "silent") return { kind: "silent", because: `no answer within ${question.timeoutMs} ms`, tookMs: question.timeoutMs };
    if (typeof answer === "number") return { kind: "answered", status: answer, headers: {}, body: "", tookMs };
    if (typeof answer === "string") return { kind: "answered", status: 200, headers: {}, body: answer, tookMs };
    return { kind: "answered", status: answer.status ?? 200, headers: answer.headers ?? {}, body: answer.body ?? "", tookMs };
  }

  async run(command: Command): Promise<RunAnswer> {
    this.ran.push(command);
    return this.#script.run?.(command) ?? { kind: "exited", status: 0, output: "" };
  }

  isAlive(): boolean {
    return this.asked.length < (this.#script.diesAt ?? Number.POSITIVE_INFINITY);
  }

  async readUsage(): Promise<Usage | undefined> {
    this.#readings += 1;
    return { residentBytes: this.#script.residentBytes?.(this.#readings) ?? 100 * 1_048_576, cpuMs: this.#cpuMs };
  }

  async readEventLoop(): Promise<EventLoopDelay | undefined> {
    this.#loops += 1;
    const p99Ms = this.#script.loopMs === undefined ? 2 : this.#script.loopMs(this.#loops);
    return p99Ms === undefined ? undefined : { p99Ms, samples: 100 };
  }

  async readLog(): Promise<string> {
    return this.#script.log ?? "";
  }
}

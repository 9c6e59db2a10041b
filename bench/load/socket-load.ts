import { nowMs, sleep } from "../bench-clock.ts";
import { judgeClose } from "./judge-load.ts";
import type { LoadPlan, LoadRecord } from "./load-record.ts";

const PAUSE_AFTER_FAILURE_MS = 200;

/** WebSockets that stay open and say something every so often; each message is to be echoed. */
export function driveSockets(plan: LoadPlan, record: LoadRecord): { stop(): Promise<void> } {
  const talkers = Array.from({ length: plan.sockets }, (_, index) => new Talker(index, plan, record));
  return {
    async stop() {
      await Promise.all(talkers.map((talker) => talker.stop()));
    },
  };
}

/**
 * One conversation. Told to reconnect (1012) it does so at once and says again what was not answered; that is no failure, unless
 * connecting fails or an answer is late. Any other end is one.
 */
class Talker {
  readonly #name: string;
  readonly #plan: LoadPlan;
  readonly #record: LoadRecord;
  readonly #unanswered = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #socket: WebSocket;
  #count = 0;
  #isEnding = false;

  constructor(index: number, plan: LoadPlan, record: LoadRecord) {
    this.#name = `${process.pid}-${index}`;
    this.#plan = plan;
    this.#record = record;
    this.#socket = this.#connect();
    this.#timer = setInterval(() => this.#speak(), plan.messageEveryMs);
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    while (this.#unanswered.size > 0) await sleep(20);
    clearInterval(this.#timer);
    this.#socket.close(1000);
  }

  #connect(wasTold = false): WebSocket {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#plan.port}/socket`);
    socket.addEventListener("open", () => {
      if (wasTold) this.#record.counted.toldToReconnect += 1;
      for (const text of this.#unanswered.keys()) socket.send(text);
    });
    socket.addEventListener("message", ({ data }) => this.#hear(String(data)));
    socket.addEventListener("close", ({ code }) => void this.#mend(code));
    return socket;
  }

  #speak(): void {
    for (const [text, sinceMs] of this.#unanswered)
      if (nowMs() - sinceMs > this.#plan.answerWithinMs) {
        this.#unanswered.delete(text);
        this.#fail(`no answer within ${this.#plan.answerWithinMs / 1_000} s`);
      }
    if (this.#isEnding) return;
    this.#count += 1;
    const text = `${this.#name}-${this.#count}`;
    this.#unanswered.set(text, nowMs());
    // Not open yet: it is said when it is.
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  #hear(text: string): void {
    this.#record.counted.messages += 1;
    if (!this.#unanswered.delete(text) && !text.startsWith(`${this.#name}-`)) this.#fail("an echo of somebody else's message");
  }

  async #mend(code: number): Promise<void> {
    if (this.#isEnding && this.#unanswered.size === 0) return;
    const judged = judgeClose(code);
    if (judged !== "told-to-reconnect") {
      this.#fail(judged);
      await sleep(PAUSE_AFTER_FAILURE_MS);
    }
    this.#socket = this.#connect(judged === "told-to-reconnect");
  }

  #fail(because: string): void {
    this.#record.failures.push({ of: "WebSocket", because });
  }
}

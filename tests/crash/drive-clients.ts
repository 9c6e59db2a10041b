import { Agent, request } from "node:http";

/** What one request came to, as the client saw it. Times are wall milliseconds, as in kills.jsonl. */
export interface Answer {
  readonly beganMs: number;
  readonly endedMs: number;
  /** 0: no answer. */
  readonly status: number;
  readonly version: string | null;
  /** Whose request it was. */
  readonly caller: string;
  /** Of a write: what was sent, and the number that the agent gave it, where it gives any. */
  readonly text: string | null;
  readonly number: number | null;
}

export interface Clients {
  readonly log: readonly Answer[];
  /** While paused nothing is sent: a version without requests cannot pass its window. */
  pause(isPaused: boolean): void;
  stop(): Promise<void>;
}

const CLIENTS = 3;
/** So many that a share of 0.3 of them is practically never nobody and never everybody. */
const CALLERS = 32;
const PAUSE_MS = 8;
const PAUSE_AFTER_FAILURE_MS = 60;
/** A connection that was idle for longer may be closed by the other side in the moment in which it is used again. */
const STALE_AFTER_MS = 2_000;
/** Longer than any row of kills holds requests. */
const ANSWER_WITHIN_MS = 120_000;

/** A few clients, each with one request at a time, every second one a write, and by turns for many callers. They never repeat a request. */
export function driveClients(port: number, name: string): Clients {
  const log: Answer[] = [];
  let isPaused = false;
  let isEnding = false;
  const client = async (number: number) => {
    let agent = new Agent({ keepAlive: true });
    let idleSinceMs = Date.now();
    for (let count = 0; !isEnding; count += 1) {
      if (isPaused) {
        await pause(PAUSE_MS);
        continue;
      }
      if (Date.now() - idleSinceMs > STALE_AFTER_MS) {
        agent.destroy();
        agent = new Agent({ keepAlive: true });
      }
      const answer = await ask(
        port,
        agent,
        `caller-${(number + CLIENTS * Math.floor(count / 2)) % CALLERS}`,
        count % 2 === 0 ? null : `${name}-${number}-${count}`,
      );
      log.push(answer);
      idleSinceMs = answer.endedMs;
      await pause(answer.status === 0 || answer.status >= 500 ? PAUSE_AFTER_FAILURE_MS : PAUSE_MS);
    }
    agent.destroy();
  };
  const done = Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  return {
    log,
    pause: (value) => {
      isPaused = value;
    },
    stop: async () => {
      isEnding = true;
      await done;
    },
  };
}

function ask(port: number, agent: Agent, caller: string, text: string | null): Promise<Answer> {
  const beganMs = Date.now();
  return new Promise((resolve) => {
    const end = (status: number, version: string | null, number: number | null) =>
      resolve({ beganMs, endedMs: Date.now(), status, version, caller, text, number });
    const asked = request(
      {
        host: "127.0.0.1",
        port,
        agent,
        method: text === null ? "GET" : "POST",
        path: text === null ? "/" : "/writes",
        headers: { cookie: `caller=${caller}` },
        timeout: ANSWER_WITHIN_MS,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", () => end(0, null, null));
        response.on("end", () => {
          const version = response.headers["x-agent-version"];
          const body = response.statusCode === 201 ? (JSON.parse(Buffer.concat(chunks).toString("utf8")) as { number: number | null }) : undefined;
          end(response.statusCode ?? 0, typeof version === "string" ? version : null, body?.number ?? null);
        });
      },
    );
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => end(0, null, null));
    asked.end(text ?? undefined);
  });
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

import { Agent, request } from "node:http";
import type { Clock } from "../platform/clock.ts";

/** What one request came to, as the client saw it. */
export interface Exchange {
  readonly kind: "read" | "write";
  /** 0: no answer at all. */
  readonly status: number;
  /** Of the version that answered, by its own header; undefined where the agent did not answer. */
  readonly version: string | undefined;
  readonly tookMs: number;
  /** The number that the agent gave an acknowledged write. */
  readonly number: number | undefined;
}

export interface Traffic {
  readonly log: readonly Exchange[];
  /** Sends no more, and resolves when every answer is there. */
  stop(): Promise<void>;
}

/** An answer later than this is a failure: longer than any hold that the settings allow. */
const ANSWER_WITHIN_MS = 40_000;

/** A steady client: one request every `everyMs`, whether or not the ones before were answered; every second one a write. */
export function driveTraffic(port: number, everyMs: number, clock: Clock): Traffic {
  const agent = new Agent({ keepAlive: true });
  const log: Exchange[] = [];
  const open = new Set<Promise<void>>();
  const stopping = new AbortController();
  const loop = (async () => {
    for (let count = 0; !stopping.signal.aborted; count += 1) {
      const sent = ask(port, agent, count % 2 === 0 ? "read" : "write", count, clock).then((exchange) => void log.push(exchange));
      open.add(sent);
      void sent.finally(() => open.delete(sent));
      await clock.sleep(everyMs, stopping.signal).catch(() => undefined);
    }
  })();
  return {
    log,
    stop: async () => {
      stopping.abort();
      await loop;
      await Promise.all(open);
      agent.destroy();
    },
  };
}

function ask(port: number, agent: Agent, kind: Exchange["kind"], count: number, clock: Clock): Promise<Exchange> {
  const beganMs = clock.monotonicMs();
  return new Promise((resolve) => {
    const end = (status: number, version?: string, number?: number) => resolve({ kind, status, version, number, tookMs: clock.monotonicMs() - beganMs });
    const asked = request(
      { host: "127.0.0.1", port, agent, timeout: ANSWER_WITHIN_MS, ...(kind === "read" ? { method: "GET", path: "/" } : { method: "POST", path: "/writes" }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", () => end(0));
        response.on("end", () => {
          const version = response.headers["x-agent-version"];
          const status = response.statusCode ?? 0;
          const number = status === 201 ? (JSON.parse(Buffer.concat(chunks).toString("utf8")) as { number: number }).number : undefined;
          end(status, typeof version === "string" ? version : undefined, number);
        });
      },
    );
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => end(0));
    asked.end(kind === "write" ? `write ${count}` : undefined);
  });
}

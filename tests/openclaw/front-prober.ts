import { get } from "node:http";

const EVERY_MS = 100;
const GIVE_UP_MS = 180_000;
/** Longer than this, a request was kept waiting and not merely slow. */
const HELD_MS = 1_000;

interface Seen {
  readonly askedMs: number;
  readonly answeredMs: number;
  readonly status: number | undefined;
  readonly version: string | undefined;
}

/** What a client met in one part of the test. Times in milliseconds. */
export interface View {
  readonly requests: number;
  readonly failed: number;
  readonly held: number;
  /** The longest time in which no answer came. */
  readonly longestGapMs: number;
  readonly longestWaitMs: number;
  /** Who answered, in the order of asking; each change is one more entry. */
  readonly versions: readonly string[];
  /** Whether every request that was asked before the first held one was answered by the first version. */
  readonly servedUntilHold: boolean;
}

/** Asks the front for the gateway's page ten times a second, each request on a connection of its own, whatever the ones before it do. */
export class FrontProber {
  readonly #port: number;
  readonly #versionOf: (page: string) => string | undefined;
  readonly #open = new Set<Promise<void>>();
  #seen: Seen[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param versionOf who answers: to callers beyond its machine, and so to all that come through a front, OpenClaw does not say its version */
  constructor(port: number, versionOf: (page: string) => string | undefined) {
    this.#port = port;
    this.#versionOf = versionOf;
  }

  begin(): void {
    this.#seen = [];
    this.#timer = setInterval(() => {
      const asked = this.#ask().finally(() => this.#open.delete(asked));
      this.#open.add(asked);
    }, EVERY_MS);
  }

  async end(): Promise<View> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    return viewOf(this.#seen);
  }

  #ask(): Promise<void> {
    const askedMs = performance.now();
    return new Promise((resolve) => {
      const note = (status?: number, version?: string) => {
        this.#seen.push({ askedMs, answeredMs: performance.now(), status, version });
        resolve();
      };
      get({ host: "127.0.0.1", port: this.#port, path: "/", agent: false, timeout: GIVE_UP_MS }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          body += chunk;
        });
        response.on("end", () => note(response.statusCode, this.#versionOf(body))).on("error", () => note());
      })
        .on("timeout", function (this: { destroy(): void }) {
          this.destroy();
        })
        .on("error", () => note());
    });
  }
}

function viewOf(seen: readonly Seen[]): View {
  const answered = seen.map(({ answeredMs }) => answeredMs).toSorted((a, b) => a - b);
  const asked = seen.toSorted((a, b) => a.askedMs - b.askedMs);
  const waits = asked.map((each) => each.answeredMs - each.askedMs);
  const firstHeld = waits.findIndex((wait) => wait > HELD_MS);
  const before = asked.slice(0, firstHeld < 0 ? asked.length : firstHeld);
  return {
    requests: seen.length,
    failed: seen.filter(({ status }) => status !== 200).length,
    held: waits.filter((wait) => wait > HELD_MS).length,
    longestGapMs: Math.round(Math.max(0, ...answered.slice(1).map((at, index) => at - (answered[index] ?? at)))),
    longestWaitMs: Math.round(Math.max(0, ...waits)),
    versions: asked.flatMap(({ version }, index) => (version === undefined || asked[index - 1]?.version === version ? [] : [version])),
    servedUntilHold: before.length > 0 && before.every(({ version, status }) => status === 200 && version === before[0]?.version),
  };
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { pause, readVariable } from "./surroundings.ts";

export interface HealthOptions {
  /** Whether the agent can do its work now: true, or false, or why it cannot. What throws, or does not answer in time, is no. */
  readonly ready: () => boolean | string | Promise<boolean | string>;
  /** The version of the running program; INSTAR_VERSION where it is left out. */
  readonly version?: string;
  /** Where readiness is asked: `health.http.path` of instar.yaml. */
  readonly path?: string;
  /** Where the version is asked: `health.version`, at `/version` of the answer. */
  readonly versionPath?: string;
  /** How long ready() may take. */
  readonly readyWithinMs?: number;
}

/** Instar takes an answer after five seconds for none. */
const READY_WITHIN_MS = 4_000;

/**
 * Answers Instar's questions: readiness (200 or 503), and which version this process is (200 also while it is not ready).
 *
 * @returns a handler for node:http that says whether the request was its own
 */
export function healthHandler({ ready, version, path = "/healthz", versionPath = "/version", readyWithinMs = READY_WITHIN_MS }: HealthOptions) {
  // What this process was started with: a file would say what lies there now.
  const identity = { version: version ?? readVariable("INSTAR_VERSION"), release: readVariable("INSTAR_RELEASE"), pid: process.pid };
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.method !== "GET" && request.method !== "HEAD") return false;
    const asked = (request.url ?? "").split("?")[0];
    if (asked === versionPath) {
      answer(response, 200, identity);
      return true;
    }
    if (asked !== path) return false;
    void askReady(ready, readyWithinMs).then((because) => answer(response, because === null ? 200 : 503, { ready: because === null, because, ...identity }));
    return true;
  };
}

/** @returns null where it is ready, else why not */
async function askReady(ready: HealthOptions["ready"], withinMs: number): Promise<string | null> {
  const over = new AbortController();
  const late = pause(withinMs, { signal: over.signal, holds: false }).then(() => `ready() did not answer within ${withinMs / 1_000} s`);
  const said = Promise.resolve()
    .then(ready)
    .then(
      (is) => (is === true ? null : typeof is === "string" ? is : "it is not ready"),
      (error: unknown) => `ready() failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  const because = await Promise.race([said, late]);
  over.abort();
  return because;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}

/**
 * For an agent that has no server of its own: one that answers only these questions, at the port that Instar gave it (PORT) or another, on this machine.
 *
 * @param options.also further handlers, such as that of `createMetrics`
 * @throws where there is no port, or it is taken
 */
export function serveHealth(
  options: HealthOptions & { readonly port?: number; readonly also?: readonly ((request: IncomingMessage, response: ServerResponse) => boolean)[] },
): Promise<Server> {
  const port = options.port ?? Number(readVariable("PORT") ?? Number.NaN);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return Promise.reject(new RangeError("there is no port: neither `port` nor PORT names one"));
  const handlers = [healthHandler(options), ...(options.also ?? [])];
  const server = createServer((request, response) => {
    if (!handlers.some((handle) => handle(request, response))) answer(response, 404, { because: "only health is asked here" });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

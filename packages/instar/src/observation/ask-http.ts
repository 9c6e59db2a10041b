import { type RequestOptions, request } from "node:http";
import type { Socket } from "node:net";
import type { HealthReport } from "./health-report.ts";

/** An answer later than this is none. */
export const ANSWER_WITHIN_MS = 5_000;
const BODY_LIMIT_BYTES = 262_144;

export interface HttpQuestion {
  readonly path: string;
  /** What it must answer; any 2xx where this is left out. */
  readonly status?: number | undefined;
  /** A regular expression that the answer must match. */
  readonly body?: string | undefined;
  /** The setting that asks, for the sentence. */
  readonly named: string;
}

/** Makes a connection to a port of an agent that this machine's loopback does not reach. */
export type Connect = (port: number) => Promise<Socket>;

/** Asks a path of an agent on its own port. */
export function askHttp(at: { readonly port: number | null; readonly connect?: Connect }, { path, status, body, named }: HttpQuestion): Promise<HealthReport> {
  const { port, connect } = at;
  if (port === null) return Promise.resolve({ verdict: "nodata", because: `no port to ask GET ${path}` });
  return new Promise((resolve) => {
    const silent = (): void => resolve({ verdict: "nodata", because: `no answer to GET ${path}` });
    const call = request({ host: "127.0.0.1", port, path, timeout: ANSWER_WITHIN_MS, ...reachBy(port, connect) }, (response) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on("data", (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes <= BODY_LIMIT_BYTES) chunks.push(chunk);
        else call.destroy();
      });
      response.on("error", silent);
      response.on("end", () => {
        const answered = response.statusCode ?? 0;
        const isWanted = status === undefined ? answered >= 200 && answered <= 299 : answered === status;
        if (!isWanted) return resolve({ verdict: "fail", because: `GET ${path} answered ${answered}${status === undefined ? "" : `, not ${status}`}` });
        if (body !== undefined && !new RegExp(body, "s").test(Buffer.concat(chunks).toString("utf8")))
          return resolve({ verdict: "fail", because: `GET ${path} answered ${answered}, but not what ${named}.body asks for` });
        resolve({ verdict: "pass", because: `GET ${path} answered ${answered}` });
      });
    });
    call.on("timeout", () => call.destroy());
    call.on("error", silent);
    call.end();
  });
}

function reachBy(port: number, connect: Connect | undefined): Pick<RequestOptions, "createConnection" | "agent"> {
  if (connect === undefined) return { agent: false };
  // Without an agent: one that is named would make the connection itself.
  return {
    createConnection: (_, made) => {
      connect(port).then(
        (socket) => made(null, socket),
        (error: Error) => made(error, undefined as never),
      );
      return undefined;
    },
  };
}
